"""A trained model as one file for swapping: half the numbers' size, and nothing that only training needs."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ml_backend.errors import UsageError
from ml_backend.networks.autoencoder import Autoencoder
from ml_backend.networks.families import build_autoencoder
from ml_backend.provenance import audit
from ml_backend.provenance.gate import Purpose

from .checkpoints import SwapModel, load_for_swap
from .export_gate import require_export
from .portraits import read_portraits
from .swap_file import PORTRAITS, SUFFIX, SwapFile, write_swap_file

_KEPT = {"version", "iteration", "framing", "framing_side", "landmark_model", "base", "side"}


def export_model(
    model: Path,
    out: Path,
    identities: Sequence[str] = (),
    consent: Path | None = None,
    dtype: torch.dtype = torch.float16,
    project: str | None = None,
    shot: str | None = None,
    portraits: bool = True,
) -> dict[str, Any]:
    """Write the averaged network of a model's newest checkpoint to the file `out`, which a swap takes as its model.

    identities: whom it shall be able to paint; all where none is named. What belongs to the others alone, and what they
    look like to the face recogniser, is left out; what all faces share was learned from them too. consent: a folder
    of records besides the user's own: each identity in the file must allow export-model, for `project` and `shot` where
    their records are limited to some. portraits: with pictures of theirs, for the fine detail. Returns out, identities,
    bytes, checkpoint, difference (the largest one to the unexported network's faces and masks, of 1). Raises
    RefusedError without consent, UsageError for an unknown identity or another suffix, BackendError for damaged files.
    """
    if out.suffix != SUFFIX:
        raise UsageError(f"{out} is no name of an exported model.", f"Name it {out.with_suffix(SUFFIX).name}.")
    whole = load_for_swap(model, torch.device("cpu"))
    chosen = chosen_identities(whole, identities)
    purpose = Purpose("export-model", consent, project, shot)
    records = require_export(whole.info, chosen, purpose).hashes()
    part = only(whole.network, chosen)
    info = whole.info.model_dump(mode="json", include=_KEPT) | {
        "identities": chosen,
        "config": {"architecture": whole.info.config.architecture.model_dump(mode="json")},
        "references": {name: whole.info.references[name] for name in chosen},
        "middles": {name: middle for name, middle in whole.info.middles.items() if name in chosen},
        "consent": {name: records[name] for name in chosen},
    }
    pictures = _portraits(model, chosen) if portraits else {}
    content = SwapFile(info, whole.checkpoint, whole.weights_sha256, part.state_dict() | pictures)
    audit.enter("export", records, {"model": model.name, "weights": whole.weights_sha256, "out": out.name})
    size = write_swap_file(out, content, dtype)
    return {
        "out": str(out),
        "identities": chosen,
        "bytes": size,
        "checkpoint": whole.checkpoint,
        "difference": _difference(whole.network, load_for_swap(out, torch.device("cpu")).network, chosen),
        "sha256": hashlib.sha256(out.read_bytes()).hexdigest(),
    }


def _portraits(model: Path, identities: Sequence[str]) -> dict[str, Tensor]:
    found = {name: read_portraits(model, name) for name in identities}
    return {
        f"{PORTRAITS}{name}.{part}": tensor
        for name, one in found.items()
        if one is not None
        for part, tensor in one.tensors().items()
    }


def chosen_identities(model: SwapModel, asked: Sequence[str]) -> list[str]:
    """The asked identities in the model's order, or all of it; UsageError for those that cannot be chosen."""
    known = model.info.identities
    unknown = [name for name in asked if name not in known]
    if unknown:
        raise UsageError(f"The model does not know {', '.join(unknown)}.", f"It knows {', '.join(known)}.")
    chosen = [name for name in known if name in asked] if asked else list(known)
    shared = [name for name in known if not model.network.own(name) and name not in chosen]
    if shared:
        raise UsageError(
            f"In a {model.network.architecture.family} network {', '.join(shared)} cannot be left out: it is part of "
            "what all identities share.",
            f"Name it too: --identity {' --identity '.join(shared)}.",
        )
    return chosen


def only(network: Autoencoder, identities: Sequence[str]) -> Autoencoder:
    """A network that knows only some identities, the first included where it owns nothing alone; for swapping."""
    part = build_autoencoder(network.architecture, identities)
    part.grow(network.side)
    shared = _shared(network)
    if set(shared) != set(_shared(part)):
        raise ValueError("the networks share different parts")
    part.load_state_dict(shared, strict=False)
    for name in identities:
        for new, old in zip(part.own(name), network.own(name), strict=True):
            new.load_state_dict(old.state_dict())
    return part.eval().requires_grad_(False)


def _shared(network: Autoencoder) -> dict[str, Tensor]:
    owned = {id(t) for name in network.identities for module in network.own(name) for t in _tensors(module).values()}
    return {name: tensor for name, tensor in _tensors(network).items() if id(tensor) not in owned}


def _tensors(module: nn.Module) -> dict[str, Tensor]:
    return dict(module.state_dict(keep_vars=True))


@torch.no_grad()
def _difference(network: Autoencoder, exported: Autoencoder, identities: Sequence[str]) -> float:
    """The largest difference of what the two paint of a few blurred noises, which have the range of faces."""
    faces = sample_faces(network.side)
    pairs = [(network.swap(faces, name), exported.swap(faces, name)) for name in identities]
    return max(float((a - b).abs().max()) for old, new in pairs for a, b in zip(old, new, strict=True))


def sample_faces(side: int, count: int = 2) -> Tensor:
    """count×3×side×side pictures in 0–1 with large and small forms, always the same ones."""
    generator = torch.Generator().manual_seed(1)
    layers = [
        nn.functional.interpolate(
            torch.rand(count, 3, cells, cells, generator=generator), (side, side), mode="bilinear", align_corners=False
        )
        for cells in (4, 16)
    ]
    return torch.stack(layers).mean(0)
