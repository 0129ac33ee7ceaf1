"""Planes in a file, for facesets that do not fit into memory, and for the next start.

    FACESET/cache/training_KEY_CUT/planes.npy   N×5×S×S uint8
    FACESET/cache/training_KEY_CUT/checks.npy   N, the CRC-32 of each face's planes

KEY says which faces these are and CUT how they were cut and scaled. The folder can be deleted at any time.
"""

import shutil
import tempfile
import time
import weakref
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ml_backend import atomic

Shape = tuple[int, int, int, int]
Decoded = Callable[[], Iterator[NDArray[np.uint8]]]  # K×5×S×S at a time, from the first face on
_LOOKED_AT = 64  # faces that are checked at each start: zeros and other files show, and terabytes need not be read
_FORGOTTEN = 24 * 3600  # seconds after which an unfinished folder is nobody's any more


def open_kept(folder: Path, shape: Shape) -> Tensor | None:
    """The planes in `folder`, read as they are needed; None where they are missing, damaged or of another shape."""
    try:
        planes = np.load(folder / "planes.npy", mmap_mode="c")  # torch wants to write, and the file must not change
        checks = np.load(folder / "checks.npy")
    except (OSError, ValueError, EOFError):
        return None
    if planes.shape != shape or planes.dtype != np.uint8 or checks.shape != shape[:1]:
        return None
    some = np.unique(np.linspace(0, len(planes) - 1, _LOOKED_AT).round().astype(int))
    if any(zlib.crc32(planes[number]) != checks[number] for number in some):
        return None
    return torch.from_numpy(planes)


def keep(folder: Path, shape: Shape, decoded: Decoded) -> Tensor | None:
    """Write the planes into `folder`, else into a temporary one that goes with the planes; None where neither can be.

    Planes of the same cut whose faces are no more are deleted.
    """
    _tidy(folder)
    shutil.rmtree(folder, ignore_errors=True)  # it is damaged, or it is not there
    planes = _written(folder, shape, decoded)
    if planes is not None:
        return planes
    try:
        temporary = Path(tempfile.mkdtemp(prefix="ml-backend-training-"))
    except OSError:
        return None
    planes = _written(temporary / folder.name, shape, decoded)
    if planes is None:
        shutil.rmtree(temporary, ignore_errors=True)
    else:
        weakref.finalize(planes, shutil.rmtree, temporary, ignore_errors=True)
    return planes


def _written(folder: Path, shape: Shape, decoded: Decoded) -> Tensor | None:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(folder.parent).free < int(np.prod(shape, dtype=np.int64)):
            return None
        with atomic.new_folder(folder) as part:
            _write(part, shape, decoded())
    except OSError:  # read-only or full; or another training has made the same meanwhile
        pass
    return open_kept(folder, shape)


def _write(folder: Path, shape: Shape, decoded: Iterator[NDArray[np.uint8]]) -> None:
    """Written and not mapped: on a full disk a mapped file would end the process."""
    checks: list[int] = []
    with (folder / "planes.npy").open("wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        for some in decoded:
            checks += [zlib.crc32(face) for face in some]
            file.write(some.data)
    np.save(folder / "checks.npy", np.array(checks, np.uint32))


def _tidy(folder: Path) -> None:
    """Delete what other states of this faceset left for the same cut, and what a killed process left."""
    cut = folder.name.rpartition("_")[2]
    stale = [other for other in folder.parent.glob(f"training_*_{cut}") if other != folder]
    parts = folder.parent.glob(".training_*.part")
    for other in [*stale, *(part for part in parts if _age(part) > _FORGOTTEN)]:
        shutil.rmtree(other, ignore_errors=True)


def _age(file: Path) -> float:
    try:
        return time.time() - file.stat().st_mtime
    except OSError:
        return 0.0
