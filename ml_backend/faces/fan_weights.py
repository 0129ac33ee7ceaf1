"""Find the weights of FAN on this machine and make sure that they are the right ones. Nothing is ever downloaded."""

import hashlib
from pathlib import Path

from ml_backend.errors import BackendError, UsageError

FILE = "2DFAN4-11f355bf06.pth.tar"
SHA256 = "11f355bf06"  # its first digits, as in the file's name
ADDRESS = f"https://www.adrianbulat.com/downloads/python-fan/{FILE}"


def weights_path(given: Path | None = None) -> Path:
    """The file `given`, or the place where torch.hub and face-alignment keep it. Raises UsageError if it is missing."""
    if given is not None:
        if not given.is_file():
            raise UsageError(f"There are no FAN weights at {given}.", f"Give the path of {FILE} ({ADDRESS}).")
        return given
    import torch

    place = Path(torch.hub.get_dir()) / "checkpoints" / FILE
    if not place.is_file():
        raise UsageError(
            f"The weights of the landmark model FAN are not at {place}.",
            f"Download {ADDRESS} (96 MB) to that place, or give its path; or use the landmarks that need no download:"
            " mesh.",
        )
    return place


def read_weights(path: Path, sha256: str = SHA256) -> bytes:
    """The file's bytes. Raises BackendError if it cannot be read or its SHA-256 does not begin with `sha256`."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BackendError(f"The FAN weights {path} cannot be read ({error}).", "Check the file's rights.") from error
    found = hashlib.sha256(data).hexdigest()
    if not found.startswith(sha256.lower()):
        raise BackendError(
            f"The FAN weights {path} are damaged or not {FILE}: their SHA-256 begins with {found[:10]},"
            f" not with {sha256}.",
            f"Delete the file and download it again: {ADDRESS}.",
        )
    return data
