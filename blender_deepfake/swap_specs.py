"""From a strip and its settings to the swap, or the preview of one frame, that the backend is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import compat, job_specs, project, swap_settings, swap_versions
from .compat import Scene, Strip
from .core import plates, repairs
from .core.errors import UsageError
from .core.rendering import PlateRender
from .core.runner import JobSpec
from .properties import DeepfakeSettings


@dataclass(frozen=True)
class Swapping:
    """Whose face is painted, with what; `settings` as text win over those of the strip.

    `names` is how the files are called, with {strip} and {identity} for those names; empty leaves it to the backend. An
    empty `shot` is the strip's name; an empty `project` is left to the backend's environment. `frames`
    are the first and the last of the plate's to be made; None: all that the strip shows.
    """

    model: Path
    identity: str
    settings: Mapping[str, str] = field(default_factory=dict)
    names: str = ""
    consent: Path | None = None
    project: str = ""
    shot: str = ""
    mask_model: Path | None = None
    repairs: Path | None = None
    frames: tuple[int, int] | None = None

    def settings_of(self, strip: Strip) -> dict[str, str]:
        """`settings`, and the names of the files for `strip`."""
        if not self.names:
            return dict(self.settings)
        said = {"{strip}": plates.folder_name(strip.name), "{identity}": self.identity}
        names = self.names
        for word, name in said.items():
            names = names.replace(word, name)
        return {"names": names, **self.settings}


@dataclass(frozen=True)
class PreviewSpec:
    """What to ask the backend for; `render` comes before the request is sent."""

    request: dict[str, Any]
    render: PlateRender | None
    note: str


def of_panel(settings: DeepfakeSettings) -> Swapping:
    """What the panel of the edit says. What was repaired in the performer's faces holds for the plate too, which
    shows the same frames."""
    mended = project.faceset(settings.performer, settings.performer_faceset) / repairs.FILE
    return Swapping(
        model=project.model(settings.model),
        identity=settings.identity,
        settings=job_specs.key_values(settings.swap_settings.split()),
        names=settings.swap_names.strip(),
        consent=project.absolute(settings.consent) if settings.consent else None,
        project=settings.project,
        shot=settings.shot,
        mask_model=project.mask_model(settings.mask_model) if settings.use_mask_model else None,
        repairs=mended if mended.is_file() else None,
    )


def swap(scene: Scene, strip: Strip, swapping: Swapping, out: Path) -> JobSpec:
    """Paint the face of the identity over the performer's in every frame that `strip` shows."""
    _check(swapping)
    sent = job_specs.plate_request(scene, strip)
    request, warnings = _request(scene, strip, swapping, sent, out)
    if swapping.frames is not None:
        request["frames"] = job_specs.some_frames(strip, sent.numbers, swapping.frames)
    swap_versions.claim(out)
    label = f"Swap {swapping.identity} into {strip.name}"
    return JobSpec("swap", request, label, sent.render, " ".join([*filter(None, [sent.note]), *warnings]))


def preview(scene: Scene, strip: Strip, swapping: Swapping, frame: int, out: Path) -> PreviewSpec:
    """Paint the face in the one frame of the plate that `strip` shows at `frame` of the timeline."""
    _check(swapping)
    timing = compat.timing(strip)
    if frame not in timing.frames:
        raise UsageError(
            f"The strip {strip.name!r} shows nothing at frame {frame}.",
            f"Go to a frame from {timing.left} to {timing.right - 1}.",
        )
    sent = job_specs.plate_request(scene, strip, frame)
    request, warnings = _request(scene, strip, swapping, sent, out)
    request["frame"] = sent.numbers[frame - timing.left]
    earlier = project.swap(strip, swapping.identity)
    if earlier.is_dir():  # what it has seen steadies the face
        request["swap"] = str(earlier)
    return PreviewSpec(request, sent.render, " ".join([*filter(None, [sent.note]), *warnings]))


def _check(swapping: Swapping) -> None:
    job_specs.need_name(swapping.identity, "the identity")
    if not swapping.model.is_dir():
        raise UsageError(f"There is no model at {swapping.model}.", "Train one first, or choose its folder.")
    if swapping.mask_model is not None and not swapping.mask_model.is_dir():
        raise UsageError(
            f"There is no mask model at {swapping.mask_model}.",
            "Train one first, or swap without keeping what covers the face.",
        )
    if swapping.repairs is not None and not swapping.repairs.is_file():
        raise UsageError(f"There are no repairs at {swapping.repairs}.", "Give the repairs.json of a faceset.")


def _request(
    scene: Scene, strip: Strip, swapping: Swapping, sent: job_specs.PlateRequest, out: Path
) -> tuple[dict[str, Any], list[str]]:
    controls = swap_settings.read(scene, strip, sent.numbers)
    request: dict[str, Any] = {
        "plate": sent.plate,
        "model": str(swapping.model),
        "identity": swapping.identity,
        "out": str(out),
        "settings": {**controls.settings, **swapping.settings_of(strip)},
    }
    keys = {name: values for name, values in controls.keys.items() if name not in swapping.settings}
    if keys:
        request["keys"] = {name: [list(key) for key in values] for name, values in keys.items()}
    paths = (("mask_model", swapping.mask_model), ("repairs", swapping.repairs))
    request |= {key: str(path) for key, path in paths if path}
    request = job_specs.with_consent(request, swapping.consent, swapping.project, swapping.shot or strip.name)
    return request, [f"{warning}." for warning in controls.warnings]
