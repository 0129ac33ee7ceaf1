"""Content credentials (C2PA): what was done to pictures, signed, so that a changed bit is found."""

from .facts import Facts
from .files import sign_file, sign_sidecar
from .pictures import sign_pictures, with_credential
from .plate import Plate, plate_of
from .reading import Credentials, read
from .sequence import Listed, is_signed, read_list, sign_sequence
from .signing import Signing, load_signing

__all__ = [
    "Credentials",
    "Facts",
    "Listed",
    "Plate",
    "Signing",
    "is_signed",
    "load_signing",
    "plate_of",
    "read",
    "read_list",
    "sign_file",
    "sign_pictures",
    "sign_sequence",
    "sign_sidecar",
    "with_credential",
]
