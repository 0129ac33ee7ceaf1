"""From a swap folder to what is placed: a file for each frame of the timeline."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from . import exr_header, frame_mapping
from .crops import Window
from .errors import DeepfakeError, UsageError
from .plates import LIGHT, PLAIN, StripDescription, decoded_numbers, reasons_out_of_step

RENDERED_SUFFIX = ".plate"
VERSION = 2  # of the manifest


@dataclass(frozen=True)
class Swap:
    """A finished swap: its folder, the plate it was made from, and the file of each plate frame.

    `size` is the plate's width and height; `windows` the part of it that a file holds, for those that hold less than
    all of it. `colour` says what the files' values mean; `premultiplied` that their colours are times alpha already.
    `fingerprint` stays when the folder moves; empty where the manifest has none.
    """

    folder: Path
    plate_source: str
    identity: str
    files: dict[int, str]
    size: tuple[int, int] = (0, 0)
    windows: Mapping[int, Window] = field(default_factory=dict)
    colour: str = PLAIN
    premultiplied: bool = False
    fingerprint: str = ""


@dataclass(frozen=True)
class Placement:
    """File names inside the swap folder, one for each timeline frame from `first` on, and the window of each.

    `windows` is empty where all files hold the whole picture.
    """

    first: int
    files: list[str]
    windows: list[Window]


def read_swap(folder: Path) -> Swap:
    """Read the manifest of `folder`, version 1 or 2.

    Raises when it is not a finished swap, is of a later version, or a file of it is missing.
    """
    manifest = folder / "manifest.json"
    try:
        value: dict[str, Any] = json.loads(manifest.read_text("utf-8"))
        version = int(value.get("version") or 1)
        if version > VERSION:
            raise DeepfakeError(
                f"The manifest {manifest} is of version {version}, and this extension reads up to {VERSION}.",
                "Update the extension.",
            )
        swap = _swap(folder, value)
    except FileNotFoundError:
        raise UsageError(
            f"{folder} is not a finished swap: it has no manifest.json.",
            "Run the swap to its end, or choose the folder that it wrote.",
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DeepfakeError(f"The manifest {manifest} is damaged ({error}).", "Run the swap again.") from error
    if not swap.files:
        raise DeepfakeError(f"The swap {folder} has no frames.", "Run the swap again.")
    there = {entry.name for entry in os.scandir(folder) if entry.is_file()}  # one look, also for thousands
    missing = sorted(name for name in swap.files.values() if name not in there)
    if missing:
        raise DeepfakeError(
            f"{len(missing)} frames of the swap {folder} are missing, the first is {missing[0]}.",
            "Run the swap again: it makes only what is missing.",
        )
    return _with_stored_parts(swap)


def _with_stored_parts(swap: Swap) -> Swap:
    """An EXR file itself says which part of the picture it holds."""
    windows = dict(swap.windows)
    for number, name in swap.files.items():
        if name.endswith(".exr"):
            file = swap.folder / name
            try:
                windows[number] = exr_header.read(file).part
            except (OSError, ValueError) as error:
                raise DeepfakeError(f"The frame {file} is damaged ({error}).", "Run the swap again.") from error
    whole = Window(0, 0, *swap.size)
    return replace(swap, windows={number: window for number, window in windows.items() if window != whole})


def _swap(folder: Path, value: dict[str, Any]) -> Swap:
    frames = {int(frame["number"]): frame for frame in value["frames"]}
    windows = {number: Window(*map(int, frame["window"])) for number, frame in frames.items() if frame.get("window")}
    return Swap(
        folder,
        str(value["plate"]["source"]),
        str(value.get("identity") or ""),
        {number: str(frame["file"]) for number, frame in frames.items()},
        (int(value.get("width") or 0), int(value.get("height") or 0)),
        windows,
        colour=str(value.get("colour") or (LIGHT if value.get("output") == "exr" else PLAIN)),
        premultiplied=value.get("alpha") == "premultiplied",
        fingerprint=str(value.get("fingerprint") or ""),
    )


def place(strip: StripDescription, swap: Swap) -> Placement:
    """Which file to show at each timeline frame of `strip` that the swap covers.

    Frames that the strip shows twice get the same file twice. Frames at either end that the swap does not
    cover are left out; one that is missing between others raises, because a gap would show.
    """
    numbers = _numbers(strip, swap)
    covered = [frame for frame, number in zip(strip.timing.frames, numbers, strict=True) if number in swap.files]
    if not covered:
        raise UsageError(
            f"The swap {swap.folder} has none of the frames that the strip {strip.name!r} shows "
            f"({frame_mapping.span(numbers)}).",
            "Swap this strip again.",
        )
    if len(covered) != covered[-1] - covered[0] + 1:
        hole = next(number for number in numbers[covered[0] - strip.timing.left :] if number not in swap.files)
        raise DeepfakeError(f"The swap {swap.folder} lacks frame {hole} of the plate.", "Swap this strip again.")
    by_frame = dict(zip(strip.timing.frames, numbers, strict=True))
    shown = [by_frame[frame] for frame in covered]
    whole = Window(0, 0, *swap.size)
    windows = [swap.windows.get(number, whole) for number in shown] if swap.windows else []
    return Placement(covered[0], [swap.files[number] for number in shown], windows)


def _numbers(strip: StripDescription, swap: Swap) -> list[int]:
    """The plate's frame number at each timeline frame of the strip, in the numbering that the swap used."""
    source = Path(swap.plate_source)
    if source.suffix == RENDERED_SUFFIX:
        return frame_mapping.rendered_numbers(strip.timing)
    shown = {"MOVIE": (source,), "IMAGE": (source, source.parent)}.get(strip.kind, ())
    if strip.source is not None and any(_same(path, strip.source) for path in shown):
        reasons = reasons_out_of_step(strip)
        if reasons:
            raise UsageError(
                f"The swap {swap.folder} was made frame by frame from {source.name}, and the strip {strip.name!r} does "
                f"not show it so: {'; '.join(reasons)}.",
                "Swap this strip again.",
            )
        return decoded_numbers(strip)
    raise UsageError(
        f"The swap {swap.folder} was made from {source}, which the strip {strip.name!r} does not show.",
        "Choose the strip that was swapped.",
    )


def _same(one: Path, other: Path) -> bool:
    """The same file, also after the project moved: then the name must do."""
    try:
        return one.samefile(other)
    except OSError:
        return one.name == other.name
