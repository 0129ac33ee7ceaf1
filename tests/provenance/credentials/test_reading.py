"""Credentials that others wrote: believed for what they are, and no way into this machine."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import c2pa
import pytest

from ml_backend.cli import main
from ml_backend.provenance.credentials import load_signing, read
from ml_backend.provenance.credentials.contexts import open_context, open_signer
from ml_backend.provenance.credentials.facts import LABEL

MakeFile = Callable[[str], Path]
CAMERA = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"


def sign_as_another_program(picture: Path, facts: Any = None, title: str = "a photograph", remote: str = "") -> Path:
    actions = {"actions": [{"action": "c2pa.created", "digitalSourceType": CAMERA}]}
    assertions: list[dict[str, Any]] = [{"label": "c2pa.actions.v2", "data": actions}]
    if facts is not None:
        assertions.append({"label": LABEL, "data": facts})
    manifest = {"claim_generator_info": [{"name": "a camera"}], "title": title, "assertions": assertions}
    signing, out = load_signing(), picture.with_name(f"other{picture.suffix}")
    with (
        open_context(signing.anchors) as context,
        open_signer(signing) as signer,
        c2pa.Builder(manifest, context) as builder,
        picture.open("rb") as source,
        out.open("w+b") as target,
    ):
        if remote:
            builder.set_no_embed()
            builder.set_remote_url(remote)
        builder.sign(signer, "image/png", source, target)
    return out


def test_a_photograph_is_not_called_a_composite(file: MakeFile, capsys: pytest.CaptureFixture[str]) -> None:
    photograph = sign_as_another_program(file(".png"))
    assert main(["verify", str(photograph)]) == 0
    told = capsys.readouterr().out
    assert "a photograph" in told
    assert "a camera" in told
    assert "generated" not in told
    assert "model" not in told


@pytest.mark.parametrize(
    "facts",
    [
        "a text",
        ["a list"],
        {"people": ["a", "b"], "swaps": 5, "models": [[1]], "watermark": {}, "title": []},
        {"people": {"identity_B": 5, "../../x": "0" * 64, "a" * 100_000: "1" * 64}},
    ],
)
def test_facts_of_any_kind_are_read(file: MakeFile, facts: Any, capsys: pytest.CaptureFixture[str]) -> None:
    picture = sign_as_another_program(file(".png"), facts)
    assert main(["verify", str(picture)]) == 0
    assert main(["verify", str(picture), "--json"]) == 0
    assert all(len(line) < 1000 for line in capsys.readouterr().out.splitlines()[:-1])


def test_a_terminal_is_not_steered(file: MakeFile, capsys: pytest.CaptureFixture[str]) -> None:
    evil = "\x1b[2J\n  valid: \u202eeverything"
    picture = sign_as_another_program(file(".png"), {"title": evil, "people": {evil: "0" * 64}}, title=evil)
    main(["verify", str(picture)])
    told = capsys.readouterr().out
    assert "�[2J" in told
    assert not set("\x1b\u202e") & set(told)
    assert sum(line.startswith("  valid:") for line in told.splitlines()) == 1


def test_nothing_is_fetched_from_a_server(file: MakeFile) -> None:
    asked: list[str] = []

    class Server(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        picture = sign_as_another_program(file(".png"), remote=f"http://127.0.0.1:{server.server_port}/other.c2pa")
        assert read(picture).state == "absent"
        assert asked == []
        with picture.open("rb") as stream, pytest.raises(c2pa.C2paError):
            c2pa.Reader("image/png", stream)  # without our settings it asks
        assert asked == ["/other.c2pa"]
        server.shutdown()


@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp", ".mp4", ".mov"])
def test_what_is_no_such_file_is_called_damaged(
    tmp_path: Path, suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / f"a{suffix}").write_text("a letter, whose name is wrong")
    assert main(["verify", str(tmp_path / f"a{suffix}")]) == 1
    told = capsys.readouterr().out
    assert "DAMAGED" in told
    assert f"a{suffix} is damaged, or not what its name says" in told
    assert "CHANGED" not in told
