"""Names that steer a terminal or are no Unicode, pipes, and links: `verify` neither hangs nor is deceived."""

import json
import os
import shutil
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from ml_backend.cli import main
from ml_backend.provenance.credentials.sequence import LIST, SIGNATURE

from .described_swap import described_swap

FORGED = "a.png\n  valid: nothing was changed since it was signed\n  signed by    A Studio.png"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ML_BACKEND_HOME", str(tmp_path / "home"))


def verified(path: Path) -> "subprocess.CompletedProcess[bytes]":
    """In a process of its own, which is ended where it hangs."""
    command = [sys.executable, "-m", "ml_backend", "verify", path]
    return subprocess.run(command, capture_output=True, timeout=60, check=False)


@pytest.mark.skipif(os.name == "nt", reason="no pipes there")
def test_a_pipe_is_no_file(tmp_path: Path, footage: Path) -> None:
    pipe = tmp_path / "film.mp4"
    os.mkfifo(pipe)
    said = verified(pipe)
    assert (said.returncode, b"neither a file nor a folder" in said.stderr) == (2, True)
    folder = described_swap(tmp_path / "swap", "identity_B", "b" * 64, footage)
    os.mkfifo(folder / "000001.png")
    (folder / LIST).unlink()
    os.mkfifo(folder / LIST)
    said = verified(folder)
    assert (said.returncode, b"CHANGED since it was signed" in said.stdout) == (1, True)
    (folder / LIST).unlink()
    (folder / SIGNATURE).unlink()
    assert verified(folder).returncode == 1


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="no such names there")
def test_a_name_forges_no_verdict(tmp_path: Path, footage: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = described_swap(tmp_path / "swap", "identity_B", "b" * 64, footage)
    for name in (os.fsencode(FORGED), b"\x1b[2Jb.png", b"\xff\xfe.png"):
        odd = Path(os.fsdecode(os.fsencode(folder) + b"/" + name.replace(b"/", b"")))
        shutil.copy(footage / "plate_A.mp4", odd)
        for path in (odd, folder):
            assert main(["verify", str(path)]) == 1
            told = capfd.readouterr().out
            assert not any(line.startswith(("  valid", "  signed by    A Studio")) for line in told.splitlines())
            assert "\x1b" not in told


@pytest.mark.parametrize("what", ["deep", "long"])
def test_a_list_that_is_made_to_hurt_is_answered(tmp_path: Path, footage: Path, what: str) -> None:
    folder = described_swap(tmp_path / "swap", "identity_B", "b" * 64, footage)
    listed = json.loads((folder / LIST).read_bytes())
    long = json.dumps(listed | {"frames": {"n" * 5000: "0" * 64}})
    (folder / LIST).write_text("[" * 200_000 if what == "deep" else long)
    said = verified(folder)
    assert (said.returncode, b"CHANGED since it was signed" in said.stdout) == (1, True)
    assert b"Traceback" not in said.stderr
    assert len(said.stdout) + len(said.stderr) < 2000


@pytest.mark.parametrize("where", ["picture", "folder"])
def test_in_a_huge_picture_no_mark_is_looked_for(tmp_path: Path, capfd: pytest.CaptureFixture[str], where: str) -> None:
    """Its file is small, its pixels are gigabytes."""
    side, rows = 30000, zlib.compressobj()
    data = b"".join(rows.compress(bytes(1 + side // 8)) for _ in range(side)) + rows.flush()
    parts = [(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)), (b"IDAT", data), (b"IEND", b"")]
    picture = tmp_path / "0001.png"
    with picture.open("wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        for kind, body in parts:
            file.write(struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)))
    assert main(["verify", str(picture if where == "picture" else tmp_path)]) == 1
    assert "not looked for: 30000×30000 pixels are too many" in capfd.readouterr().out
