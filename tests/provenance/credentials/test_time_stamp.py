"""Signatures and time: an authority that stamps them, one that does not answer, and certificates that run out."""

import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ml_backend.errors import BackendError
from ml_backend.provenance.credentials import read, sign_file

from .conftest import FACTS, Studio

MakeFile = Callable[[str], Path]
EXTENSIONS = "extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\nbasicConstraints=CA:FALSE\n"
SETTINGS = """[tsa]
default_tsa = here
[here]
serial = serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
ess_cert_id_alg = sha256
"""
openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl plays the time stamp authority")


@pytest.fixture
def authority(tmp_path: Path) -> Iterator[str]:
    """The address of a time stamp authority on this machine."""
    folder = tmp_path / "authority"
    folder.mkdir()
    (folder / "extensions").write_text(EXTENSIONS)
    (folder / "settings").write_text(SETTINGS)
    (folder / "serial").write_text("01\n")

    def run(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    run("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/O=Times/CN=ca", "-days", "9")
    run("req", *key, "-keyout", "own.key", "-out", "own.csr", "-subj", "/O=Times/CN=own")
    issued = ("-in", "own.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "extensions")
    run("x509", "-req", *issued, "-out", "own.pem", "-days", "9")

    class Server(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            (folder / "query").write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
            whose = ("-signer", "own.pem", "-inkey", "own.key", "-chain", "ca.pem")
            run("ts", "-reply", "-config", "settings", "-queryfile", "query", *whose, "-out", "reply")
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write((folder / "reply").read_bytes())

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/stamp"
        server.shutdown()


def add(settings: Path, address: str) -> None:
    settings.write_text(settings.read_text() + f'time_stamp = "{address}"\n')


@openssl
def test_an_authority_says_when_it_was_signed(studio: Studio, file: MakeFile, authority: str) -> None:
    picture = file(".png")
    add(studio.write(), authority)
    sign_file(picture, picture, FACTS)
    found = read(picture)
    assert found.state == "valid"
    assert found.time is not None
    assert found.time.startswith("20")
    assert not found.time_trusted, "nobody has said that this authority is to be believed"


def test_an_authority_that_does_not_answer_is_named(studio: Studio, file: MakeFile) -> None:
    picture = file(".png")
    before = picture.read_bytes()
    add(studio.write(), "http://127.0.0.1:9/stamp")
    with pytest.raises(BackendError, match=r"whether http://127.0.0.1:9/stamp answers"):
        sign_file(picture, picture, FACTS)
    assert picture.read_bytes() == before


def test_a_certificate_that_ran_out_after_it_signed(studio: Studio, file: MakeFile) -> None:
    picture, ends = file(".png"), time.time() + 4
    studio.write(days=4 / 86400)
    sign_file(picture, picture, FACTS)
    assert read(picture).state == "valid"
    while time.time() <= ends + 1:
        time.sleep(0.2)
    found = read(picture)
    assert (found.state, found.expired, found.signer) == ("untrusted", True, "A Studio, Shot signing")
    other = file(".jpg")
    with pytest.raises(BackendError, match=r"Shot signing in .* is valid from"):
        sign_file(other, other, FACTS)


def test_who_cannot_sign_can_check(studio: Studio, file: MakeFile) -> None:
    """On a machine to which a studio gives its certificates only, or whose key is closed to this user."""
    picture = file(".png")
    studio.write()
    sign_file(picture, picture, FACTS)
    (studio.folder / "key.pem").unlink()
    assert read(picture).state == "valid"
