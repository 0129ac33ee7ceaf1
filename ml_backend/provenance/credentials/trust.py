"""Whose signatures this machine believes."""

from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from ml_backend.atomic import write_bytes
from ml_backend.provenance.home import keys_folder

from .certificates import anchors_of, read_certificates
from .self_issued import CHAIN, make_certificate
from .studio import find_studio


def own_anchors() -> bytes:
    """The certificates (PEM) of whom this machine believes: itself, the studio, and what `trust_chain` kept.

    A studio's key and the dates of its certificate do not matter here: what it signed can be checked by who cannot
    sign. Raises BackendError for a studio's settings or anchors that cannot be read.
    """
    files = [keys_folder() / "credentials" / CHAIN, *sorted((keys_folder() / "credentials" / "trusted").glob("*.pem"))]
    found = b"".join(file.read_bytes() + b"\n" for file in files if file.is_file())
    studio = find_studio()
    return found + anchors_of(studio.anchors, read_certificates(studio.certificate)) if studio else found


def trust_chain(file: Path) -> Path:
    """Believe what the certificates in `file` vouch for, such as another machine's chain.pem; returns where it is kept.

    Raises BackendError where there are none.
    """
    chain = read_certificates(file)
    kept = keys_folder() / "credentials" / "trusted" / f"{chain[-1].fingerprint(SHA256()).hex()[:16]}.pem"
    if not (keys_folder() / "credentials" / CHAIN).exists():
        make_certificate(keys_folder() / "credentials")  # the folder appears whole, its own certificate in it
    write_bytes(kept, chain[-1].public_bytes(Encoding.PEM))
    return kept
