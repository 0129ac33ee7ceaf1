"""Whose signature stands under a credential: a studio's certificate, or one that this machine issued to itself."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from c2pa import C2paSigningAlg
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ml_backend.errors import BackendError
from ml_backend.provenance.home import keys_folder

from .algorithms import algorithm_of, sign_with
from .certificates import anchors_of, certificate_name, check_fit, check_vouched, read_certificates, read_key
from .self_issued import CHAIN, KEY, ORGANISATION, make_certificate
from .studio import Studio, find_studio


@dataclass(frozen=True)
class Signing:
    """chain: PEM certificates, the signer's first, as they stand in `file`. anchors: those who vouch for it, PEM.
    time_stamp: URL of an RFC 3161 authority, or None."""

    chain: bytes
    anchors: bytes
    algorithm: C2paSigningAlg
    sign: Callable[[bytes], bytes]
    self_issued: bool
    file: Path
    time_stamp: str | None = None

    @property
    def certificate(self) -> x509.Certificate:
        return x509.load_pem_x509_certificates(self.chain)[0]

    def name(self) -> str:
        """Who signs, for people."""
        return certificate_name(self.certificate)


def load_signing() -> Signing:
    """The studio's certificate where one is named, else this machine's own, which is made on first use.

    Raises BackendError where the studio's cannot be used: it is never passed over silently.
    """
    studio = find_studio()
    if studio is not None:
        return _load(studio)
    folder = keys_folder() / "credentials"
    if not (folder / CHAIN).exists():
        make_certificate(folder)
    return _load(Studio(folder / CHAIN, folder / KEY, folder / CHAIN, None))


def _load(files: Studio) -> Signing:
    certificates, key = read_certificates(files.certificate), read_key(files.key)
    check_fit(certificates, key, files.certificate, files.key)
    anchors = anchors_of(files.anchors, certificates)
    check_vouched(certificates, anchors, files.certificate)
    algorithm = algorithm_of(key)
    if algorithm is None:
        raise BackendError(
            f"The key {files.key} is of a kind that C2PA does not take.",
            "Use ECDSA on P-256, P-384 or P-521, Ed25519, or RSA of 2048 bits and more.",
        )
    organisation = certificates[0].issuer.get_attributes_for_oid(x509.NameOID.ORGANIZATION_NAME)
    return Signing(
        chain=b"".join(one.public_bytes(Encoding.PEM) for one in certificates),
        anchors=anchors,
        algorithm=algorithm,
        sign=lambda data: sign_with(key, data),
        self_issued=bool(organisation) and organisation[0].value == ORGANISATION,
        file=files.certificate,
        time_stamp=files.time_stamp,
    )
