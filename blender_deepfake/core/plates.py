"""From a strip to a plate: what the backend reads, or why Blender must render it first."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import frame_mapping, movie_probe, picture_sequences
from .frame_mapping import StripTiming
from .picture_sequences import PictureSequence

PLAIN, LIGHT = "sRGB", "Linear Rec.709"  # colour spaces, as Blender and the backend both call them
# Looked at a stop darker: Blender makes 100 cd/m² 1.0, HDR's white is 203 (ITU-R BT.2408), and bright skin would be cut
HDR_LIGHT = f"{LIGHT}@-1"

# Changes of these are placed with the result or undone by it, so the backend need not see them.
_HARMLESS_ANIMATION = ("transform.", "crop.", "blend_alpha", "mute", "volume", "pan", "deepfake_")


@dataclass(frozen=True)
class StripDescription:
    """A strip as plain data, so that all that follows works without Blender.

    `kind` is Blender's strip type; `source` the absolute movie file or picture folder, None for strips without
    a file; `pictures` the file names of an image strip; `animated` the animated properties, relative to the strip.
    """

    name: str
    kind: str
    timing: StripTiming
    source: Path | None = None
    pictures: tuple[str, ...] = ()
    fps: float = 0.0
    scene_fps: float = 0.0
    colourspace: str = "sRGB"
    retimed: bool = False
    strobe: float = 1.0
    deinterlaced: bool = False
    modified: bool = False
    graded: bool = False
    multiplies_alpha: bool = False
    stream: int = 0
    stereo: bool = False
    animated: tuple[str, ...] = ()


def reasons_to_render(strip: StripDescription) -> list[str]:
    """Why the backend cannot decode the strip as Blender shows it. Empty when it can, bit for bit."""
    if strip.kind not in ("MOVIE", "IMAGE") or strip.source is None:
        return [f"it is a strip of type {strip.kind.lower()}, not a movie or pictures"]
    sequence = picture_sequences.find(strip.pictures) if strip.kind == "IMAGE" else None
    expected = LIGHT if sequence is not None and sequence.is_light else PLAIN
    checks = [
        (strip.deinterlaced, "it is deinterlaced"),
        (strip.modified, "it has modifiers"),
        (strip.graded, "its colours are changed"),
        (strip.multiplies_alpha, "it multiplies alpha"),
        (strip.stereo, "it is stereoscopic"),
        (strip.stream > 0, "it shows another stream than the first"),
        (strip.colourspace != expected, f"its colour space is {strip.colourspace}"),
    ]
    reasons = _changed_times(strip) + [reason for true, reason in checks if true]
    moving = [name for name in strip.animated if not name.startswith(_HARMLESS_ANIMATION)]
    if moving:
        reasons.append(f"it is animated ({', '.join(moving)})")
    if strip.kind == "IMAGE":
        return reasons or _doubts_about_pictures(strip, strip.source, sequence)
    return [*reasons, *_other_rate(strip)] or _doubts_about_file(strip, strip.source)


def reasons_out_of_step(strip: StripDescription) -> list[str]:
    """Why the strip does not show its movie or pictures frame by frame. Empty when it does.

    Blender plays a movie of another rate frame by frame all the same where it was told not to adjust that.
    """
    reasons = _changed_times(strip) + (["its strobe is animated"] if "strobe" in strip.animated else [])
    if strip.kind != "MOVIE" or strip.source is None or not _other_rate(strip):
        return reasons
    movie = movie_probe.probe(strip.source)
    in_step = movie is not None and movie.frames == strip.timing.source_count
    return reasons if in_step else [*reasons, *_other_rate(strip)]


def _changed_times(strip: StripDescription) -> list[str]:
    checks = ((strip.retimed, "it is retimed"), (strip.strobe > 1.0, "it strobes"))
    return [reason for true, reason in checks if true]


def _other_rate(strip: StripDescription) -> list[str]:
    differs = abs(strip.fps - strip.scene_fps) > 0.01
    return [f"it has {strip.fps:g} frames a second, not {strip.scene_fps:g}"] if differs else []


def _doubts_about_pictures(strip: StripDescription, folder: Path, sequence: PictureSequence | None) -> list[str]:
    if sequence is None:
        return ["its pictures are not PNG, TIFF or EXR files numbered without gaps"]
    if len(sequence.numbers) != strip.timing.source_count:
        return [f"it has {len(sequence.numbers)} pictures and counts {strip.timing.source_count}"]
    if sequence.is_light and not picture_sequences.is_whole(folder / strip.pictures[0]):
        return ["its EXR files hold parts of pictures"]
    return []


def _doubts_about_file(strip: StripDescription, source: Path) -> list[str]:
    movie = movie_probe.probe(source)
    if movie is None:
        return ["its frames cannot be counted without decoding"]
    if movie.may_be_hdr:
        return ["it may be HDR"]
    if not movie.constant_rate:
        return ["its frame rate varies or its first frames are skipped"]
    if movie.frames != strip.timing.source_count:
        return [f"the file has {movie.frames} frames, the strip counts {strip.timing.source_count}"]
    return []


def decoded_plate(strip: StripDescription) -> dict[str, str]:
    """The plate of a strip that the backend decodes itself: the frames that the strip shows.

    A movie is read as Blender shows it, whatever its tags say of its primaries.
    """
    plate = {"source": str(decoded_source(strip)), "frames": frame_mapping.span(decoded_numbers(strip))}
    return {**plate, "colourspace": strip.colourspace} if strip.kind == "MOVIE" or strip.colourspace != PLAIN else plate


def decoded_source(strip: StripDescription) -> Path:
    """The movie, or the pattern of the pictures, of a strip that the backend decodes itself."""
    sequence = picture_sequences.find(strip.pictures) if strip.kind == "IMAGE" else None
    assert strip.source is not None, "reasons_to_render asks for a render where there is no file"
    return strip.source / sequence.pattern if sequence is not None else strip.source


def decoded_numbers(strip: StripDescription) -> list[int]:
    """The source's frame number at each frame of the timeline that the strip shows."""
    if strip.kind == "IMAGE":
        return frame_mapping.sequence_numbers(strip.timing, [picture_number(name) or 0 for name in strip.pictures])
    return frame_mapping.movie_numbers(strip.timing)


def rendered_plate(
    strip: StripDescription, folder: Path, only: int | None = None, *, hdr: bool = False
) -> dict[str, str]:
    """The plate of a strip that Blender renders into `folder`: all of it, or `only` the picture of this number.

    `hdr`: it is made from PQ or HLG that Blender reads as light.
    """
    numbers = frame_mapping.rendered_numbers(strip.timing) if only is None else [only]
    plate = {"source": str(folder), "frames": frame_mapping.span(numbers)}
    return {**plate, "colourspace": HDR_LIGHT} if hdr else plate


def stops_of(plate: dict[str, Any]) -> float:
    """How much brighter a plate is looked at, in stops."""
    return float(plate.get("colourspace", "").partition("@")[2] or 0)


def exposed(plate: dict[str, str], stops: float, *, light: bool) -> dict[str, str]:
    """The plate looked at so many stops brighter. light: what its values are where it says nothing of its colours."""
    name = plate.get("colourspace", LIGHT if light else PLAIN).partition("@")[0]
    return {**plate, "colourspace": f"{name}@{stops_of(plate) + stops:g}"} if stops else plate


def folder_name(text: str) -> str:
    """`text` as a name for a folder on every system: letters, digits, dash, dot and underscore."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", text).strip("._")[:64] or "strip"


def picture_number(name: str) -> int | None:
    """The number of a picture of a sequence: the last digits of its name before the suffix."""
    digits = re.findall(r"\d+", name.rpartition(".")[0] or name)
    return int(digits[-1]) if digits else None
