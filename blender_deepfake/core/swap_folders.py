"""The versions of a swap: folders side by side, and what their manifests say.

deepfake/swaps/NAME        the first version
deepfake/swaps/NAME_v002   the second …
             …/edit.txt    the name of the edit that a version is for

What lies on disk is all there is to know; nothing is kept elsewhere.
"""

import json
import re
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from . import whole_file
from .errors import DeepfakeError, UsageError

_NUMBERED = re.compile(r"(?P<base>.+)_v(?P<number>\d{3,})")
_OF_A_SWAP = ("manifest.json", "journal.jsonl")
_EDIT = "edit.txt"


@dataclass(frozen=True)
class SwapVersion:
    """What a swap's folder holds. `frames` is 0 and `made` (seconds since 1970) None for one that is not finished."""

    folder: Path
    identity: str = ""
    model: str = ""
    checkpoint: str = ""
    frames: int = 0
    size: int = 0
    made: float | None = None

    @property
    def title(self) -> str:
        """ "v002  anna" """
        return f"v{number(self.folder):03d}  {self.identity}".rstrip()

    @property
    def line(self) -> str:
        """ "model, 12000 · 240 frames · 31 MB · 2026-11-28 14:02" """
        if self.made is None:
            return "not finished"
        date = datetime.fromtimestamp(self.made).strftime("%Y-%m-%d %H:%M")
        model = ", ".join(filter(None, [self.model, self.checkpoint.lstrip("0")]))
        frames, size = f"{self.frames:,} frames".replace(",", " "), f"{max(1, round(self.size / 1e6))} MB"
        return " · ".join([model, frames, size, date])


def number(folder: Path) -> int:
    """Which version a folder is, from its name: 1 without a number."""
    found = _NUMBERED.fullmatch(folder.name)
    return int(found["number"]) if found else 1


def base(folder: Path) -> Path:
    """The first version of what `folder` is a version of."""
    found = _NUMBERED.fullmatch(folder.name)
    return folder.with_name(found["base"]) if found else folder


def find_base(swaps: Path, uid: str, identity: str, name: str) -> Path:
    """The first version's folder of the strip with `uid`: the one that is there, also after the strip was renamed."""
    ending = f"_{uid[:8]}_as_{identity}"
    found = sorted({base(folder).name for folder in _folders(swaps) if base(folder).name.endswith(ending)})
    return swaps / (found[0] if found else name)


def versions(first: Path) -> list[Path]:
    """The versions that lie on disk, the newest number first."""
    found = [folder for folder in _folders(first.parent) if base(folder) == first and is_swap(folder)]
    return sorted(found, key=number, reverse=True)


def next_version(first: Path) -> Path:
    """The folder for one more: the first itself while there is none."""
    taken = [number(folder) for folder in _folders(first.parent) if base(folder) == first]
    return first.with_name(f"{first.name}_v{max(taken) + 1:03d}") if taken else first


def edit_of(folder: Path) -> str:
    """The name of the edit that the swap in `folder` is for; empty where nobody wrote it down."""
    try:
        return (folder / _EDIT).read_text("utf-8").strip()
    except (OSError, ValueError):
        return ""


def claim(folder: Path, edit: str) -> None:
    """Write down that the swap in `folder` is for `edit`, unless it is another's. Raises UsageError where it cannot."""
    if not edit or edit_of(folder):
        return
    try:
        whole_file.write_bytes(folder / _EDIT, f"{edit}\n".encode())
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}.", "Choose another folder.") from error


def own_version(chosen: Path, edit: str) -> Path:
    """`chosen`; where another edit's swap lies there, the newest version that is for `edit`, else the next."""
    if edit_of(chosen) in ("", edit):
        return chosen
    own = [folder for folder in _folders(chosen.parent) if base(folder) == base(chosen) and edit_of(folder) == edit]
    return max(own, key=number, default=next_version(base(chosen)))


def is_swap(folder: Path) -> bool:
    """Has a swap been written into `folder`, to its end or not?"""
    return folder.is_dir() and any((folder / name).is_file() for name in _OF_A_SWAP)


def summarise(folder: Path) -> SwapVersion:
    """What the manifest says. Reads all of it: for long swaps in a thread."""
    file = folder / "manifest.json"
    try:
        made, value = file.stat().st_mtime, json.loads(file.read_bytes())
        frames = value["frames"]
        sizes = [int(frame.get("bytes") or 0) for frame in frames]
        return SwapVersion(
            folder,
            str(value.get("identity") or ""),
            Path(str(value.get("model") or "").replace("\\", "/")).name,
            str(value.get("checkpoint") or ""),
            len(frames),
            sum(sizes),
            made,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return SwapVersion(folder)


def delete(folder: Path, swaps: Path) -> None:
    """Delete a version for ever. Only folders of swaps that lie in `swaps` itself, and no links.

    It is renamed first, so that none is ever found half deleted.
    """
    if folder.parent.resolve() != swaps.resolve() or folder.is_symlink() or not is_swap(folder):
        raise UsageError(f"{folder} is no swap in {swaps}.", "Delete it with your file manager if you mean it.")
    doomed = folder.with_name(f".deleted_{uuid4().hex[:8]}")
    try:
        folder.rename(doomed)
        shutil.rmtree(doomed)
    except OSError as error:
        raise DeepfakeError(
            f"{folder} could not be deleted ({error.strerror}).", "Close what uses its files, then try again."
        ) from error


def read(folder: Path) -> dict[str, Any]:
    """The manifest as it is; empty where there is none that can be read."""
    try:
        value = json.loads((folder / "manifest.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _folders(parent: Path) -> list[Path]:
    try:
        return sorted(folder for folder in parent.iterdir() if not folder.name.startswith("."))
    except OSError:
        return []
