"""Content credentials (C2PA): what was done to pictures, signed, so that a changed bit is found."""

from .facts import Facts
from .files import sign_file, sign_sidecar
from .reading import Credentials, read
from .sequence import Listed, is_signed, read_list, sign_sequence
from .signing import Signing, load_signing

__all__ = [
    "Credentials",
    "Facts",
    "Listed",
    "Signing",
    "is_signed",
    "load_signing",
    "read",
    "read_list",
    "sign_file",
    "sign_sequence",
    "sign_sidecar",
]
