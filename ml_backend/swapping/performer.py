"""Whom a swap replaces: what the model knows of the people."""

import math
from collections.abc import Collection, Mapping
from pathlib import Path
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from ml_backend.errors import BackendError, UsageError
from ml_backend.faces.alignment import FACE
from ml_backend.facesets.resolve import Footage
from ml_backend.training.models.checkpoints import CheckpointInfo

from .pieces import shown
from .plan import MOST_DISTANT, nearest
from .settings import NOWHERE, Place, SwapSettings

USUAL_LIGHT = 0.15  # of a face that is exposed well, as a part of white's
DARKEST = 1e-3  # a face in which there is still something to see


def find_performer(
    info: CheckpointInfo, model: Path, identity: str, settings: SwapSettings
) -> NDArray[np.float32] | None:
    """The mean embedding of the person to look for on the plate; None where whoever is there is replaced.

    Raises UsageError where the model does not know the identity, or not who is filmed.
    """
    if identity not in info.identities:
        raise UsageError(f"The model {model} does not know {identity}.", f"It knows {', '.join(info.identities)}.")
    if settings.faces != "performer":
        return None
    others = [name for name in info.identities if name != identity]
    name = _performer(info, identity, settings)
    if name is None and not others:
        raise UsageError(
            f"The model {model} knows {identity} only, and so not who is on the plate.",
            "Say who it is with --set faces=largest --set performer=NAME, or export the performer with the identity.",
        )
    if name is None or name not in info.identities:
        raise UsageError(
            f"Who of {', '.join(others)} is on the plate?" if name is None else f"The model does not know {name}.",
            "Say it with --set performer=NAME, or use --set faces=largest.",
        )
    return np.asarray(info.references[name], np.float32)


def features(info: CheckpointInfo, identity: str, settings: SwapSettings) -> tuple[Place, Place]:
    """Where the identity's and the performer's features lie in their crops, in eye distances from the middle.

    Each crop is where the average face would be, and people differ from it. `NOWHERE` both where the model does not
    know it, or nobody says who is filmed.
    """
    performer = info.middles.get(who_is_filmed(info, identity, settings) or "")
    own = info.middles.get(identity)
    return (NOWHERE, NOWHERE) if own is None or performer is None else (own, performer)


def who_is_filmed(info: CheckpointInfo, identity: str, settings: SwapSettings) -> str | None:
    """The name of the person on the plate, in the model or not; None where nobody says it."""
    named = settings.faces == "performer" or settings.performer is not None
    return _performer(info, identity, settings) if named else None


def _performer(info: CheckpointInfo, identity: str, settings: SwapSettings) -> str | None:
    others = [name for name in info.identities if name != identity]
    return settings.performer or (others[0] if len(others) == 1 else None)


def nobody(footage: Footage, performer: NDArray[np.float32] | None, info: CheckpointInfo, identity: str) -> str:
    """Why a swap changes nothing: no face at all, or only faces of others; of whom, where the model knows them."""
    away = None if performer is None else nearest(footage, performer)
    if performer is None or away is None:
        return "No face was found on the plate: every frame will be transparent."
    said = (
        f"None of the faces on the plate is the performer's (the nearest is {away:.2f} away): every frame will be "
        "transparent."
    )
    references = {name: np.asarray(values, np.float32) for name, values in info.references.items()}
    known = {name: nearest(footage, one) for name, one in references.items() if not np.array_equal(one, performer)}
    near = {name: distance for name, distance in known.items() if distance is not None and distance < MOST_DISTANT}
    name = min(near, key=lambda name: near[name], default=None)
    others = [other for other in info.identities if other != identity]
    if name == identity:
        return f"{said} It shows {identity}, whom this swap paints. To paint another: --identity {' or '.join(others)}."
    if name is not None:
        return f"{said} It shows {name}: say --set performer={name}."
    return f"{said} --set faces=largest or faces=all swaps whoever is there."


def too_bright(frames: Collection[int], colourspace: str) -> str:
    """A sentence about frames whose face is mostly brighter than a display can show; colourspace: the plate's."""
    return (
        f"On {len(frames)} frames ({shown(sorted(frames))}) much of the face is brighter than white, where a display "
        f"shows nothing: there it stays the performer's. {look_darker(colourspace)}"
    )


def too_dark(light: Mapping[int, float], colourspace: str) -> str:
    """A sentence about frames whose face is so dark; light: by frame, as parts of white's. colourspace: the plate's."""
    usual = [math.log2(USUAL_LIGHT / max(one, DARKEST)) for one in light.values()]
    return (
        f"On {len(light)} frames ({shown(sorted(light))}) the face is so dark that the network may paint little of the "
        f'identity. --colourspace "{_exposed(colourspace, round(2 * fmean(usual)) / 2)}" looks at the plate brighter.'
    )


def look_darker(colourspace: str) -> str:
    """How to look at a plate of that colour space two stops darker."""
    return f'--colourspace "{_exposed(colourspace, -2)}" looks at the plate darker.'


def _exposed(colourspace: str, more: float) -> str:
    """The name of that colour space, looked at so many stops brighter than it says."""
    name, _, stops = colourspace.partition("@")
    return f"{name.strip()}@{float(stops or 0) + more:g}"


def check_framing(info: CheckpointInfo, model: Path) -> None:
    if (info.framing, info.framing_side) != (FACE.name, FACE.side):
        raise BackendError(
            f"The model {model} was trained on other crops ({info.framing} {info.framing_side}) "
            f"than this backend makes ({FACE.name} {FACE.side}).",
            "Use the backend version that trained it, or train again.",
        )
