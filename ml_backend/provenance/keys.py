"""Keys: the user's own, those of people the user trusts, and the demo's."""

import os
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from uuid import uuid4

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from ml_backend.atomic import write_bytes
from ml_backend.errors import BackendError, UsageError
from ml_backend.provenance.home import keys_folder


@dataclass(frozen=True)
class Trust:
    """Public keys (hex) whose signatures count, and the trusted key files that could not be read."""

    any_basis: frozenset[str]
    synthetic_only: frozenset[str]
    unreadable: tuple[Path, ...]

    def accepts(self, key: str, basis: str) -> bool:
        return key in self.any_basis or (basis == "synthetic" and key in self.synthetic_only)


def public_hex(key: Ed25519PublicKey) -> str:
    """The raw 32 bytes of the key as 64 hex digits: how records name a key."""
    return key.public_bytes_raw().hex()


def _signing_path() -> Path:
    return keys_folder() / "signing.pem"


def signing_key(given: Path | None = None) -> Ed25519PrivateKey:
    """The key in the PEM file `given`, such as a studio's, else the user's own signing key.

    The user's own is made on first use, readable by the user only, its public half beside it. Raises UsageError where
    `given` is not there, BackendError for a key that others can read or that is none.
    """
    path = given or _signing_path()
    if not path.exists():
        if given is not None:
            raise UsageError(f"There is no signing key {given}.", "Give the PEM file of an Ed25519 private key.")
        _make_signing_key(path)
    if os.name != "nt" and path.stat().st_mode & 0o077:
        raise BackendError(f"The signing key {path} can be read by others.", f'Close it: chmod 600 "{path}"')
    return _load_signing_key(path)


def _make_signing_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = Ed25519PrivateKey.generate()
    part = path.with_name(f".signing.{uuid4().hex[:8]}.part")
    write_bytes(part, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), mode=0o600)
    try:
        os.link(part, path)  # unlike a rename this fails where another process was first
    except FileExistsError:
        return
    finally:
        part.unlink()
    write_bytes(path.with_name("signing.pub.pem"), public_pem(key.public_key()))


def _load_signing_key(path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BackendError(f"The signing key {path} cannot be read: {error}.", _other_key(path)) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise BackendError(f"The signing key {path} is no Ed25519 key.", _other_key(path))
    return key


def _other_key(path: Path) -> str:
    if path != _signing_path():
        return "Give the PEM file of an Ed25519 private key that has no password."
    return "Restore it from a backup, or move it away: the next `ml-backend consent new` makes a new one."


def public_pem(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def read_public_key(path: Path) -> Ed25519PublicKey:
    """The Ed25519 public key in the PEM file `path`; UsageError where there is none."""
    fix = "Give the PEM file of an Ed25519 public key, such as another user's keys/signing.pub.pem."
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"Cannot read the key {path}: {error.strerror}.", fix) from error
    if b"PRIVATE KEY" in content:
        raise UsageError(f"{path} holds a private key, which never leaves its owner.", fix)
    try:
        key = load_pem_public_key(content)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UsageError(f"{path} is no public key in PEM form.", fix) from error
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError(f"{path} is no Ed25519 key.", fix)
    return key


def trust_key(path: Path) -> tuple[str, Path]:
    """Trust the public key in `path` for every basis; returns its hex and where it is kept now."""
    key = read_public_key(path)
    kept = keys_folder() / "trusted" / f"{public_hex(key)[:16]}.pem"
    write_bytes(kept, public_pem(key))
    return public_hex(key), kept


def load_trust() -> Trust:
    """Whose signatures count on this machine: the user's own, keys/trusted, and the demo's for synthetic faces."""
    keys: set[str] = set()
    unreadable: list[Path] = []
    for path in sorted((keys_folder() / "trusted").glob("*.pem")):
        try:
            keys.add(public_hex(read_public_key(path)))
        except UsageError:
            unreadable.append(path)
    if _signing_path().exists():
        try:
            keys.add(public_hex(_load_signing_key(_signing_path()).public_key()))
        except BackendError:
            unreadable.append(_signing_path())
    demo = load_pem_public_key(files("ml_backend.provenance").joinpath("demo_key.pem").read_bytes())
    assert isinstance(demo, Ed25519PublicKey)
    return Trust(frozenset(keys), frozenset({public_hex(demo)}), tuple(unreadable))
