"""From a swap folder to what is placed: a file for each frame of the timeline."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import frame_mapping
from .errors import DeepfakeError, UsageError
from .plates import StripDescription, picture_number

RENDERED_SUFFIX = ".plate"


@dataclass(frozen=True)
class Swap:
    """A finished swap: its folder, the plate it was made from, and the file of each plate frame."""

    folder: Path
    plate_source: str
    identity: str
    files: dict[int, str]


@dataclass(frozen=True)
class Placement:
    """File names inside the swap folder, one for each timeline frame from `first` on."""

    first: int
    files: list[str]


def read_swap(folder: Path) -> Swap:
    """Read the manifest of `folder`; raises when it is not a finished swap or a file of it is missing."""
    manifest = folder / "manifest.json"
    try:
        value: dict[str, Any] = json.loads(manifest.read_text("utf-8"))
        files = {int(frame["number"]): str(frame["file"]) for frame in value["frames"]}
        swap = Swap(folder, str(value["plate"]["source"]), str(value.get("identity") or ""), files)
    except FileNotFoundError:
        raise UsageError(
            f"{folder} is not a finished swap: it has no manifest.json.",
            "Run the swap to its end, or choose the folder that it wrote.",
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DeepfakeError(f"The manifest {manifest} is damaged ({error}).", "Run the swap again.") from error
    if not files:
        raise DeepfakeError(f"The swap {folder} has no frames.", "Run the swap again.")
    missing = sorted(name for name in files.values() if not (folder / name).is_file())
    if missing:
        raise DeepfakeError(
            f"{len(missing)} frames of the swap {folder} are missing, the first is {missing[0]}.",
            "Run the swap again: it makes only what is missing.",
        )
    return swap


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
    return Placement(covered[0], [swap.files[by_frame[frame]] for frame in covered])


def _numbers(strip: StripDescription, swap: Swap) -> list[int]:
    """The plate's frame number at each timeline frame of the strip, in the numbering that the swap used."""
    source = Path(swap.plate_source)
    if source.suffix == RENDERED_SUFFIX:
        return frame_mapping.rendered_numbers(strip.timing)
    if strip.kind == "MOVIE" and strip.source is not None and _same(source, strip.source):
        return frame_mapping.movie_numbers(strip.timing)
    folders = (source, source.parent)
    if strip.kind == "IMAGE" and strip.source is not None and any(_same(folder, strip.source) for folder in folders):
        file_numbers = [picture_number(name) for name in strip.pictures]
        return frame_mapping.sequence_numbers(strip.timing, [number or 0 for number in file_numbers])
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
