"""What has to be done so that a placed swap is right again after its strip or its model changed."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from . import job_specs, plate_copy, project, strips, swap_settings, swap_specs
from .compat import Scene, Strip
from .core import frame_mapping, model_folders, plates, results, swap_folders
from .core.errors import DeepfakeError
from .core.swap_controls import CONTROLS, Number, Toggle


@dataclass(frozen=True)
class Update:
    """`reasons` why frames must be made again; empty where the swap in `folder` only has to be placed again."""

    folder: Path
    reasons: tuple[str, ...]


def needed(scene: Scene, strip: Strip, folder: Path, swapping: swap_specs.Swapping) -> Update:
    """Compare what `strip` shows now, and what would be asked for, with the swap that was made.

    `swapping` must not ask for another model or identity than the swap's. Reads the manifest, and renders nothing.
    """
    try:
        swap = results.read_swap(folder)
        placed = results.place(strips.describe(scene, strip), swap)
    except DeepfakeError as error:
        return Update(folder, (error.message.rstrip("."),))
    manifest: dict[str, Any] = swap_folders.read(folder)
    reasons: list[str] = []
    missing = len(strips.describe(scene, strip).timing.frames) - len(placed.files)
    if missing:
        reasons.append("1 frame was not swapped yet" if missing == 1 else f"{missing} frames were not swapped yet")
    newest = model_folders.summarise(swapping.model).newest
    if newest is not None and newest.folder.name != str(manifest.get("checkpoint")):
        reasons.append(f"the model is at checkpoint {newest.iteration}")
    changed = _changed(scene, strip, swapping, manifest)
    if changed:
        reasons.append(f"settings changed ({', '.join(changed)})")
    return Update(folder, tuple(reasons))


def of_swap(folder: Path, swapping: swap_specs.Swapping) -> swap_specs.Swapping:
    """`swapping` with the model and the identity of the swap in `folder`, where they can be told."""
    manifest = swap_folders.read(folder)
    model = Path(str(manifest.get("model") or swapping.model))
    return replace(
        swapping,
        model=model if model.is_dir() else swapping.model,
        identity=str(manifest.get("identity") or swapping.identity),
    )


def _changed(scene: Scene, strip: Strip, swapping: swap_specs.Swapping, manifest: dict[str, Any]) -> list[str]:
    """The settings that are not those of the manifest; of those that nobody asks for, the ones with a known default."""
    description = strips.describe(scene, strip)
    rendered = plates.reasons_to_render(description)
    numbers = frame_mapping.rendered_numbers(description.timing) if rendered else plates.decoded_numbers(description)
    controls = swap_settings.read(scene, strip, numbers)
    settings: dict[str, Any] = {c.name: c.default for c in CONTROLS if isinstance(c, Number | Toggle)}
    settings |= {**controls.settings, **swapping.settings_of(strip)}
    keys = {name: value for name, value in controls.keys.items() if name not in swapping.settings}
    made, made_keys = manifest.get("settings") or {}, manifest.get("keys") or {}
    fixed = [name for name, value in settings.items() if name not in keys and not _same(value, made.get(name))]
    moving = [name for name in {*keys, *made_keys} if not _same(keys.get(name), made_keys.get(name))]
    folder = plate_copy.folder_of(strip, project.plates()) if rendered else None
    plate = job_specs.plate_of(scene, strip, description, folder)
    return sorted({*fixed, *moving, *_changed_inputs(plate, swapping, manifest)})


def _changed_inputs(plate: dict[str, Any], swapping: swap_specs.Swapping, manifest: dict[str, Any]) -> list[str]:
    """What is not a setting of the swap itself. Manifests that say nothing of mask model or repairs had none."""
    masks = model_folders.weights_sha256(swapping.mask_model) if swapping.mask_model else None
    mended = hashlib.sha256(swapping.repairs.read_bytes()).hexdigest() if swapping.repairs else None
    made_plate: dict[str, Any] = manifest.get("plate") or {}
    made = {name: str(value) for name, value in made_plate.items() if value}
    checks = (
        ("exposure", plates.stops_of(plate) != plates.stops_of(made)),
        ("pixel aspect", plate.get("pixel_aspect") != made_plate.get("pixel_aspect")),
        ("what covers the face", masks != manifest.get("mask_model_sha256")),
        ("repairs", mended != manifest.get("repairs_sha256")),
    )
    return [name for name, differs in checks if differs]


def _same(one: Any, other: Any) -> bool:
    return bool(_plain(one) == _plain(other))


def _plain(value: Any) -> Any:
    """Settings are sent as text and kept as what they mean."""
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    try:
        return round(float(value), 6) if not isinstance(value, bool) else str(value).lower()
    except (TypeError, ValueError):
        return str(value).lower()
