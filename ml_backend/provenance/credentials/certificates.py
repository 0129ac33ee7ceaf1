"""Certificates and keys in PEM files, and whether they are fit to sign with."""

import os
import stat
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID

from ml_backend.errors import BackendError

from .algorithms import Key

FITTING_USES = (
    ExtendedKeyUsageOID.EMAIL_PROTECTION,
    x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36"),  # documentSigning
    x509.ObjectIdentifier("1.3.6.1.4.1.62558.2.1"),  # C2PA claim signing
)
"""The extended key usages of which a certificate needs one. Source: the C2PA specification 2.2, section 14.5.1."""


def certificate_name(certificate: x509.Certificate) -> str:
    """Organisation and common name."""
    oids = (x509.NameOID.ORGANIZATION_NAME, x509.NameOID.COMMON_NAME)
    parts = [str(found[0].value) for oid in oids if (found := certificate.subject.get_attributes_for_oid(oid))]
    return ", ".join(parts) or certificate.subject.rfc4514_string()


def read_certificates(file: Path) -> list[x509.Certificate]:
    """Raises BackendError where there are none."""
    try:
        return x509.load_pem_x509_certificates(file.read_bytes())
    except (OSError, ValueError) as error:
        raise BackendError(
            f"The certificates {file} cannot be read: {error}.", "Give a PEM file, the signer's certificate first."
        ) from error


def anchors_of(file: Path, chain: list[x509.Certificate]) -> bytes:
    """PEM of the last certificate of the chain, or of what a file of its own holds."""
    certificates = read_certificates(file)
    chosen = certificates[-1:] if certificates[0] == chain[0] else certificates
    return b"".join(one.public_bytes(Encoding.PEM) for one in chosen)


def check_vouched(chain: list[x509.Certificate], anchors: bytes, chain_file: Path) -> None:
    """Raises BackendError where nobody would believe the chain, this machine included."""
    others = [one for one in x509.load_pem_x509_certificates(anchors) if one != chain[0]]
    if not any(one == anchor or _issued(one, anchor) for one in chain for anchor in others):
        raise BackendError(
            f"Nobody vouches for the certificates in {chain_file}.",
            "Put the certificate of who issued them behind them, or name its file as anchors.",
        )


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def read_key(file: Path) -> Key:
    """Raises BackendError for a key that others can read, that needs a password, or of another kind."""
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


def check_fit(chain: list[x509.Certificate], key: Key, chain_file: Path, key_file: Path) -> None:
    """Raises BackendError, with what to do, for a chain that nothing can be signed with today."""
    leaf = chain[0]
    if leaf.public_key() != key.public_key():
        raise BackendError(
            f"The first certificate of {chain_file} is not that of the key {key_file}.",
            "Put the signer's certificate first, then the one that issued it, and so on.",
        )
    for one, issuer in pairwise(chain):
        if not _issued(one, issuer):
            raise BackendError(
                f"In {chain_file} {certificate_name(one)} is not issued by the next, {certificate_name(issuer)}.",
                "Put each certificate before the one that issued it.",
            )
    now = datetime.now(UTC)
    for one in chain:
        if not one.not_valid_before_utc <= now < one.not_valid_after_utc:
            until = f"{one.not_valid_before_utc:%Y-%m-%d} to {one.not_valid_after_utc:%Y-%m-%d}"
            raise BackendError(
                f"The certificate of {certificate_name(one)} in {chain_file} is valid from {until}.",
                "Renew it, or set the clock.",
            )
    _check_uses(leaf, chain_file)


def _check_uses(leaf: x509.Certificate, chain_file: Path) -> None:
    try:
        uses = list(leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        uses = []
    if not any(use in FITTING_USES for use in uses):
        raise BackendError(
            f"The certificate in {chain_file} is not made for signing documents.",
            "Have one issued with the extended key usage emailProtection, documentSigning or C2PA claim signing.",
        )
    try:
        signs = leaf.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature
    except x509.ExtensionNotFound:
        signs = False
    if not signs:
        raise BackendError(
            f"The certificate in {chain_file} is not made for signatures.",
            "Have one issued with the key usage digitalSignature.",
        )
