"""Whose consent a swap or a preview needs, and what they are asked for."""

from collections.abc import Iterable

import numpy as np

from ml_backend.faces.recognition import Recogniser, distance
from ml_backend.facesets.likeness import SAME_MEAN
from ml_backend.facesets.persons import middle
from ml_backend.media.source import as_plate
from ml_backend.provenance.consent import ConsentRefused
from ml_backend.provenance.gate import (
    Granted,
    Purpose,
    check_bound,
    check_crowd,
    filmed_people,
    people_of_swap,
    refusals_entered,
    require,
)
from ml_backend.provenance.shot_name import shot_of
from ml_backend.requests import Plate, PreviewRequest, SwapRequest
from ml_backend.training.models.checkpoints import CheckpointInfo
from ml_backend.training.models.portraits import Portraits, portraits_file

Request = SwapRequest | PreviewRequest

_LOOKED_AT = 8  # portraits of an identity that are recognised: some 3 ms each


def purpose_of(request: Request) -> Purpose:
    return Purpose("swap", request.consent, request.project, request.shot, true_footage(request.plate))


def footage_name(plate: str | Plate) -> str:
    """As it was asked for: a movie, folder or pattern, or the plate file that leads to one."""
    return plate.source if isinstance(plate, Plate) else plate


def true_footage(plate: str | Plate) -> str:
    """The movie, folder or pattern itself. Raises BackendError for a damaged plate file."""
    return as_plate(plate).source


def permit(request: Request, model: CheckpointInfo, performer: str | None) -> Granted:
    """The consent of the identity and of who is filmed, under which the model learned them.

    performer: as the setting names them. Raises ConsentRefused.
    """
    purpose = purpose_of(request)
    with refusals_entered([request.identity], purpose):
        people = people_of_swap(model.identities, request.identity, performer, _changes_everybody(request))
    granted = require(people, purpose)
    with refusals_entered(people, purpose):
        check_bound(model.consent, granted, model.identities)
    return granted


def check_portraits(request: Request, model: CheckpointInfo, portraits: Portraits) -> None:
    """Refuse portraits that are not those of the identity whom the model learned, under whose name their detail would
    be painted: a file that was put there by mistake, or on purpose.

    They come from the same faces as the reference that the model keeps: measured, the middle of some is up to 0.25 from
    it, and that of another person's 0.67 and more. Raises ConsentRefused.
    """
    count, side = portraits.pictures.shape[:2]
    some = slice(None, None, -(-count // _LOOKED_AT))
    seen = zip(portraits.pictures[some], portraits.points[some, :, :2].astype(np.float64) * side, strict=True)
    known = np.asarray(model.references[request.identity], np.float32)
    away = float(distance(middle(Recogniser().embed_many(seen)), known))
    if away >= SAME_MEAN:
        with refusals_entered([request.identity], purpose_of(request)):
            raise ConsentRefused(
                "renamed",
                f"The portraits of {request.identity} in the model {request.model} show somebody else ({away:.2f} from "
                f"the person whom it learned; the same person is nearer than {SAME_MEAN}).",
                f"Delete {portraits_file(request.model, request.identity)}: the next training of the model writes it "
                "again. Export an exported model again. A faceset of several people needs ml-backend faceset split "
                "first.",
            )


def check_faces(request: Request, performer: str | None, faces: Iterable[tuple[int, int]]) -> None:
    """Refuse to change more faces at once than people agreed, where every face on the plate is changed.

    faces: frame numbers, and how many faces are replaced there. Raises ConsentRefused.
    """
    if _changes_everybody(request):
        frame, most = max(faces, key=lambda one: one[1], default=(0, 0))
        with refusals_entered(filmed_people(performer), purpose_of(request)):
            check_crowd(performer, most, frame)


def _changes_everybody(request: Request) -> bool:
    return request.settings.get("faces") == "all"


def facts_of(request: Request) -> dict[str, str | int]:
    """What the audit keeps of it."""
    return {"model": request.model.name, "plate": shot_of(true_footage(request.plate)), **purpose_of(request).facts()}
