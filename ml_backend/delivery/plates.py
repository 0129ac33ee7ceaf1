"""The plates of the swaps in a delivery, as its credentials name them."""

from collections.abc import Sequence
from pathlib import Path

from ml_backend.delivery.deliver_swaps import DeliveredSwap
from ml_backend.delivery.pictures import pictures_in
from ml_backend.errors import BackendError
from ml_backend.media.sequence_files import find_pattern, is_pattern
from ml_backend.provenance.credentials import Plate, plate_of, read_list
from ml_backend.provenance.credentials.files import Made
from ml_backend.provenance.credentials.sequence import LIST


def plate_at(path: Path) -> Plate:
    """The footage `path` (a file, folder or pattern) with its hash. Raises BackendError where it cannot be read."""
    try:
        return plate_of(path, _files(path))
    except OSError as error:
        raise BackendError(
            f"The plate {error.filename or path} cannot be read: {error.strerror}.", "Look at its permissions."
        ) from error


def plates_of(swaps: Sequence[DeliveredSwap]) -> list[Plate]:
    """What the swaps were made of, each once: by the hash in the swap's signed list, or else as far as it is there."""
    return list(dict.fromkeys(plate for swap in swaps if (plate := _plate(swap)) is not None))


def made_of(plates: Sequence[Plate]) -> Made:
    """One plate is what was opened; of several each was placed."""
    return (plates[0], ()) if len(plates) == 1 else (None, tuple(plates))


def _plate(swap: DeliveredSwap) -> Plate | None:
    path = Path(str(swap.manifest.plate["source"]))
    known = read_list(swap.folder).plate_sha256 if (swap.folder / LIST).is_file() else None
    if known:
        return Plate(path.name, known, path if path.is_file() else None)
    return plate_at(path) if _files(path) else None


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return pictures_in(path)
    if path.is_file():
        return [path]
    return list(find_pattern(path).values()) if is_pattern(path) and path.parent.is_dir() else []
