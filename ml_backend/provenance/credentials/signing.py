"""Whose signature stands under a credential: a studio's certificate, or one that this machine issued to itself."""

import os
import stat
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from c2pa import C2paSigningAlg
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID

from ml_backend.atomic import write_bytes
from ml_backend.errors import BackendError
from ml_backend.provenance.home import home_folder, keys_folder

from .algorithms import Key, algorithm_of, sign_with
from .self_issued import CHAIN, KEY, ORGANISATION, make_certificate

FITTING_USES = (
    ExtendedKeyUsageOID.EMAIL_PROTECTION,
    x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36"),  # documentSigning
)


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


def certificate_name(certificate: x509.Certificate) -> str:
    """Organisation and common name."""
    oids = (x509.NameOID.ORGANIZATION_NAME, x509.NameOID.COMMON_NAME)
    parts = [str(found[0].value) for oid in oids if (found := certificate.subject.get_attributes_for_oid(oid))]
    return ", ".join(parts) or certificate.subject.rfc4514_string()


def settings_file() -> Path:
    """Where a studio names its certificate: HOME/credentials.toml, or the file that ML_BACKEND_CREDENTIALS names."""
    named = os.environ.get("ML_BACKEND_CREDENTIALS")
    return Path(named).expanduser() if named else home_folder() / "credentials.toml"


def load_signing() -> Signing:
    """The studio's certificate where one is named, else this machine's own, which is made on first use.

    Raises BackendError where the studio's cannot be used: it is never passed over silently.
    """
    file = settings_file()
    if file.exists() or os.environ.get("ML_BACKEND_CREDENTIALS"):
        return _studio(file)
    folder = keys_folder() / "credentials"
    if not (folder / CHAIN).exists():
        make_certificate(folder)
    return _load(folder / CHAIN, folder / KEY, folder / CHAIN, None)


def own_anchors() -> bytes:
    """Whom this machine believes: itself, the studio, and the PEM files in keys/credentials/trusted."""
    files = [keys_folder() / "credentials" / CHAIN, *sorted((keys_folder() / "credentials" / "trusted").glob("*.pem"))]
    found = b"".join(file.read_bytes() + b"\n" for file in files if file.is_file())
    if settings_file().exists():
        found += _studio(settings_file()).anchors
    return found


def trust_chain(file: Path) -> Path:
    """Believe what the certificates in `file` vouch for, such as another machine's chain.pem; returns where it is kept.

    Raises BackendError where there are none.
    """
    chain = _certificates(file)
    kept = keys_folder() / "credentials" / "trusted" / f"{chain[-1].fingerprint(SHA256()).hex()[:16]}.pem"
    if not (keys_folder() / "credentials" / CHAIN).exists():
        make_certificate(keys_folder() / "credentials")  # the folder appears whole, its own certificate in it
    write_bytes(kept, b"".join(one.public_bytes(Encoding.PEM) for one in chain[-1:]))
    return kept


def _studio(file: Path) -> Signing:
    fix = 'Write certificate = "chain.pem", key = "key.pem" and, if wanted, anchors and time_stamp.'
    try:
        settings: dict[str, Any] = tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BackendError(f"The credentials' settings {file} cannot be read: {error}.", fix) from error
    unknown = settings.keys() - {"certificate", "key", "anchors", "time_stamp"}
    wrong = [name for name, value in settings.items() if not isinstance(value, str)]
    if unknown or wrong or not {"certificate", "key"} <= settings.keys():
        raise BackendError(f"{file} must have certificate and key, and texts only: {sorted(settings)}.", fix)
    where = {name: file.parent / str(settings[name]) for name in ("certificate", "key", "anchors") if name in settings}
    stamp = str(settings["time_stamp"]) if "time_stamp" in settings else None
    return _load(where["certificate"], where["key"], where.get("anchors", where["certificate"]), stamp)


def _load(chain_file: Path, key_file: Path, anchors_file: Path, time_stamp: str | None) -> Signing:
    certificates = _certificates(chain_file)
    key = _key(key_file)
    _check(certificates, key, chain_file, key_file)
    algorithm = algorithm_of(key)
    if algorithm is None:
        raise BackendError(
            f"The key {key_file} is of a kind that C2PA does not take.",
            "Use ECDSA on P-256, P-384 or P-521, Ed25519, or RSA of 2048 bits and more.",
        )
    organisation = certificates[0].issuer.get_attributes_for_oid(x509.NameOID.ORGANIZATION_NAME)
    return Signing(
        chain=b"".join(one.public_bytes(Encoding.PEM) for one in certificates),
        anchors=_anchors(anchors_file, certificates),
        algorithm=algorithm,
        sign=lambda data: sign_with(key, data),
        self_issued=bool(organisation) and organisation[0].value == ORGANISATION,
        file=chain_file,
        time_stamp=time_stamp,
    )


def _certificates(file: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(file.read_bytes())
    except (OSError, ValueError) as error:
        raise BackendError(
            f"The certificates {file} cannot be read: {error}.", "Give a PEM file, the signer's certificate first."
        ) from error


def _anchors(file: Path, chain: list[x509.Certificate]) -> bytes:
    """The last certificate of the chain, or what a file of its own holds."""
    certificates = _certificates(file)
    chosen = certificates[-1:] if certificates[0] == chain[0] else certificates
    return b"".join(one.public_bytes(Encoding.PEM) for one in chosen)


def _key(file: Path) -> Key:
    try:
        if os.name != "nt" and stat.S_IMODE(file.stat().st_mode) & 0o077:
            raise BackendError(f"The key {file} can be read by others.", f'Close it: chmod 600 "{file}"')
        key = load_pem_private_key(file.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BackendError(
            f"The key {file} cannot be read: {error}.", "Give a PEM file of a private key without a password."
        ) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey):
        raise BackendError(f"The key {file} is of a kind that C2PA does not take.", "Use ECDSA, Ed25519 or RSA.")
    return key


def _check(chain: list[x509.Certificate], key: Key, chain_file: Path, key_file: Path) -> None:
    leaf, now = chain[0], datetime.now(UTC)
    if leaf.public_key() != key.public_key():
        raise BackendError(
            f"The first certificate of {chain_file} is not that of the key {key_file}.",
            "Put the signer's certificate first, then the one that issued it, and so on.",
        )
    for one, issuer in pairwise(chain):
        try:
            one.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature) as error:
            raise BackendError(
                f"In {chain_file} {certificate_name(one)} is not issued by the next, {certificate_name(issuer)}.",
                "Put each certificate before the one that issued it.",
            ) from error
    if not leaf.not_valid_before_utc <= now < leaf.not_valid_after_utc:
        until = f"{leaf.not_valid_before_utc:%Y-%m-%d} to {leaf.not_valid_after_utc:%Y-%m-%d}"
        raise BackendError(f"The certificate in {chain_file} is valid from {until}.", "Renew it, or set the clock.")
    try:
        uses = list(leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        uses = []
    if not any(use in FITTING_USES for use in uses):
        raise BackendError(
            f"The certificate in {chain_file} is not made for signing documents.",
            "Have one issued with the extended key usage emailProtection or documentSigning.",
        )
