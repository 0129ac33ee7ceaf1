"""Whom the swap should look like, and whom not any more: mean embeddings of the identity and the performer."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml_backend.errors import BackendError, UsageError
from ml_backend.facesets.store import Faceset, mean_embedding
from ml_backend.progress import Reporter
from ml_backend.requests import EvaluateRequest
from ml_backend.swapping.manifest import Manifest
from ml_backend.training.models.checkpoints import list_checkpoints, read_info
from ml_backend.training.models.swap_file import read_swap_file

Embedding = NDArray[np.float32]


def find_references(request: EvaluateRequest, manifest: Manifest, reporter: Reporter) -> dict[str, Embedding]:
    """Mean embeddings (128) of "identity" and "performer", as far as they can be known.

    The facesets of the request come first, then what the swap's model remembers, if it is still where it was.
    Raises UsageError for a faceset that is empty or none.
    """
    given = {"identity": request.identity_faceset, "performer": request.performer_faceset}
    found = {role: _centre(folder) for role, folder in given.items() if folder is not None}
    if len(found) < len(given):
        try:
            remembered = _of_model(manifest)
        except (BackendError, KeyError, TypeError, ValueError) as error:  # the figures are null without it
            remembered = {}
            reporter.message(f"The swap's model does not tell whose faces these are: {error}")
        found = remembered | found
    absent = [role for role in given if role not in found]
    if absent:
        options = " and ".join(f"--{role}-faceset" for role in absent)
        reporter.message(f"Likeness to the {' and the '.join(absent)} is not measured; {options} would make it known.")
    return found


def _centre(folder: Path) -> Embedding:
    faces = Faceset.open(folder).faces()
    if not faces:
        raise UsageError(f"The faceset {folder} is empty.", "Extract faces into it first.")
    return mean_embedding(faces)


def _of_model(manifest: Manifest) -> dict[str, Embedding]:
    known = _remembered(Path(manifest.model), manifest.checkpoint)
    others = [name for name in known if name != manifest.identity]
    performer = manifest.settings.get("performer") or (others[0] if len(others) == 1 else None)
    roles = {"identity": manifest.identity, "performer": performer}
    return {role: np.asarray(known[name], np.float32) for role, name in roles.items() if name and name in known}


def _remembered(model: Path, checkpoint: str) -> Mapping[str, list[float]]:
    """The mean embeddings that a model was trained with, by name; empty where the model is gone."""
    if model.is_file():
        references: Mapping[str, list[float]] = read_swap_file(model)[0].info["references"]
        return references
    folders = {folder.name: folder for folder in list_checkpoints(model)}
    if not folders:
        return {}
    return read_info(folders.get(checkpoint, list(folders.values())[-1])).references
