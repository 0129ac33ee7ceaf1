"""From the edit and its settings to what the backend is asked to do."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import exposure, missing_footage, plate_copy, plate_depth, project, strips
from .compat import Scene, Strip
from .core import frame_mapping, mask_files, plates
from .core.errors import UsageError
from .core.job_labels import label
from .core.picture_depth import Depth
from .core.rendering import PlateRender
from .core.runner import JobSpec

_EVENLY = 0.005


@dataclass(frozen=True)
class Training:
    """What to train: `facesets` by the person's name; iterations, minutes or neither; other `settings` as text.

    `project` and `shot` say what for; empty: as the backend's environment says.
    """

    model: Path
    facesets: Mapping[str, Path]
    preset: str = ""
    iterations: int | None = None
    minutes: float | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    consent: Path | None = None
    project: str = ""
    shot: str = ""


@dataclass(frozen=True)
class Extraction:
    """Whose faces are collected (as core/person_choice.py writes it) and how; sizes of 0 go by the footage.

    An empty `shot` is the strip's name, or the name of footage that is no strip. `frames` are the first and the last of
    the plate's that are looked at; None: all that the strip shows. photos: a folder's pictures are no frames.
    """

    who: str = "only"
    framing: str = "face"
    size: int = 0
    smallest: int = 0
    landmarks: str = "mesh"
    average: bool = False
    smooth: float = 1.0
    fan_weights: Path | None = None
    consent: Path | None = None
    project: str = ""
    shot: str = ""
    frames: tuple[int, int] | None = None
    photos: bool = False


def extract(scene: Scene, strip: Strip, person: str, faceset: Path, how: Extraction | None = None) -> JobSpec:
    """Collect the faces that `strip` shows into the faceset of `person`."""
    need_name(person, "the person in the strip")
    sent, how = plate_request(scene, strip), how or Extraction()
    request = _extraction(person, faceset, how, [sent.plate], how.shot or strip.name)
    if how.frames is not None:
        request["frames"] = some_frames(strip, sent.numbers, how.frames)
    return JobSpec("extract", request, f"Extract {person} from {strip.name}", sent.render, sent.note)


def extract_files(sources: Sequence[Path], person: str, faceset: Path, how: Extraction | None = None) -> JobSpec:
    """Collect the faces of movies, or of folders of pictures, that are in no strip."""
    need_name(person, "the person in the footage")
    absent = [source for source in sources if not source.exists()]
    if absent or not sources:
        raise UsageError(
            f"There is nothing at {absent[0]}." if absent else "No footage was chosen.",
            "Choose a movie, or a folder of pictures.",
        )
    how = how or Extraction()
    request = _extraction(person, faceset, how, [{"source": str(source)} for source in sources], how.shot)
    return JobSpec("extract", request, label("extract", request))


def _extraction(
    person: str, faceset: Path, how: Extraction, sources: Sequence[Mapping[str, str]], shot: str
) -> dict[str, Any]:
    request: dict[str, Any] = {
        "sources": list(sources),
        "faceset": str(faceset),
        "identity": person,
        "person": how.who,
        "framing": how.framing,
        "size": how.size or None,
        "landmarks": how.landmarks,
        "average": how.average,
        "smooth": how.smooth,
    }
    if how.photos:
        request["photos"] = True
    if how.smallest:
        request["smallest"] = how.smallest
    if how.fan_weights is not None:
        request["fan_weights"] = str(how.fan_weights)
    return with_consent(request, how.consent, how.project, shot)


def train_mask(
    model: Path, facesets: Sequence[Path], *, iterations: int | None = None, minutes: float | None = None
) -> JobSpec:
    """Learn from the masks painted in `facesets` what covers a face."""
    without = [folder for folder in facesets if not mask_files.painted(folder)]
    if without or not facesets:
        raise UsageError(
            f"No mask is painted in {without[0]}." if without else "No faceset was given.",
            "Paint the masks of some faces first: Paint Mask in the panel Masks.",
        )
    request: dict[str, Any] = {"model": str(model), "facesets": [str(folder) for folder in facesets]}
    request |= {key: value for key, value in (("iterations", iterations), ("minutes", minutes)) if value}
    return JobSpec("train-mask", request, label("train-mask", request))


def apply_masks(faceset: Path, mask_model: Path) -> JobSpec:
    """Have `mask_model` make the masks of all faces of `faceset`; those that are painted win over them."""
    if not faceset.is_dir():
        raise UsageError(f"There is no faceset at {faceset}.", "Extract the faces first.")
    if not mask_model.is_dir():
        raise UsageError(f"There is no mask model at {mask_model}.", "Train one first, or choose its folder.")
    request = {"faceset": str(faceset), "mask_model": str(mask_model)}
    return JobSpec("apply-masks", request, label("apply-masks", request))


def train(training: Training) -> JobSpec:
    if len(training.facesets) < 2:
        raise UsageError(
            "Training needs the facesets of two people or more.", "Extract the performer and the identity."
        )
    for name, folder in training.facesets.items():
        need_name(name, "each person")
        if not folder.is_dir():
            raise UsageError(f"There is no faceset of {name} at {folder}.", f"Extract {name} from a strip first.")
    request: dict[str, Any] = {
        "model": str(training.model),
        "facesets": {name: str(folder) for name, folder in training.facesets.items()},
        "settings": dict(training.settings),
    }
    for key in ("preset", "iterations", "minutes"):
        if getattr(training, key):
            request[key] = getattr(training, key)
    request = with_consent(request, training.consent, training.project, training.shot)
    return JobSpec("train", request, label("train", request))


def key_values(text: list[str], what: str = "a setting", form: str = "key=value") -> dict[str, str]:
    """`["lr=1e-4", …]` as a mapping; what each is, and how it is written."""
    pairs = [item.partition("=") for item in text]
    for item, (key, equals, _) in zip(text, pairs, strict=True):
        if not key or not equals:
            raise UsageError(f"{item!r} is not {what}.", f"Write it as {form}.")
    return {key.strip(): value.strip() for key, _, value in pairs}


@dataclass(frozen=True)
class PlateRequest:
    """The plate of a strip as it is sent, the render that makes it where Blender must, and what to tell about it.

    `numbers` has the plate's frame for each frame of the timeline that the strip shows.
    """

    plate: dict[str, Any]
    numbers: list[int]
    render: PlateRender | None = None
    note: str = ""


def plate_request(scene: Scene, strip: Strip, frame: int | None = None) -> PlateRequest:
    """What the backend reads to see what `strip` shows: at all frames, or only at `frame` of the timeline."""
    if not strips.has_picture(strip):
        raise UsageError(f"The strip {strip.name!r} is sound and shows no face.", "Choose a strip with a picture.")
    description = strips.describe(scene, strip)
    missing_footage.refuse(scene, strip, description.timing.frames if frame is None else [frame])
    reasons = plates.reasons_to_render(description)
    if not reasons:
        return PlateRequest(plate_of(scene, strip, description), plates.decoded_numbers(description))
    numbers = frame_mapping.rendered_numbers(description.timing)
    only = None if frame is None else numbers[frame - description.timing.left]
    folder, render = plate_copy.prepare(scene, strip, project.plates(), only)
    note = f"Blender renders the plate first: {'; '.join(reasons)}."
    return PlateRequest(plate_of(scene, strip, description, folder, only), numbers, render, note)


def plate_of(
    scene: Scene,
    strip: Strip,
    description: plates.StripDescription,
    rendered: Path | None = None,
    only: int | None = None,
) -> dict[str, Any]:
    """The plate as the backend reads it: what `strip` is made of, or what Blender renders of it into a folder."""
    light = False
    if rendered is None:
        plate = plates.decoded_plate(description)
    else:
        plate = plates.rendered_plate(description, rendered, only, hdr=plate_depth.is_hdr(scene, strip))
        light = plate_depth.of_strip(scene, strip) == Depth.LIGHT
    return plates.exposed(plate, exposure.of_strip(strip), light=light) | _shape(scene, strip)


def _shape(scene: Scene, strip: Strip) -> dict[str, float]:
    """The pixel aspect of the scene for a strip that is shown with it; a strip scaled unevenly may have been fitted."""
    aspect, placed = scene.render.pixel_aspect_x / scene.render.pixel_aspect_y, strip.transform
    even = math.isclose(placed.scale_x, placed.scale_y, rel_tol=_EVENLY)
    return {} if math.isclose(aspect, 1, rel_tol=_EVENLY) or not even else {"pixel_aspect": round(aspect, 6)}


def some_frames(strip: Strip, numbers: Sequence[int], wanted: tuple[int, int]) -> str:
    """Those of the plate's frames that are wanted, as the backend reads them; UsageError where none is shown."""
    chosen = [number for number in numbers if wanted[0] <= number <= wanted[1]]
    if not chosen:
        raise UsageError(
            f"The strip {strip.name!r} shows none of the frames {wanted[0]}-{wanted[1]}.",
            f"It shows {frame_mapping.span(numbers)}.",
        )
    return frame_mapping.span(chosen)


def need_name(name: str, whose: str) -> None:
    if not name:
        raise UsageError(f"The name of {whose} is missing.", "Give it a name of letters, digits, dash or underscore.")


def with_consent(request: dict[str, Any], consent: Path | None, project: str = "", shot: str = "") -> dict[str, Any]:
    """`request` with what the gate asks: a folder of records besides the user's own, the production and the shot."""
    told = {"consent": str(consent or ""), "project": project, "shot": shot}
    return {**request, **{key: value for key, value in told.items() if value}}
