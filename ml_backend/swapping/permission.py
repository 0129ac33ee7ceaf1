"""Whose consent a swap or a preview needs, and what they are asked for."""

from collections.abc import Iterable

from ml_backend.media.source import as_plate
from ml_backend.provenance.gate import (
    Granted,
    Purpose,
    check_bound,
    check_crowd,
    filmed_people,
    people_of_swap,
    refusals_entered,
    require,
    shot_of,
)
from ml_backend.requests import Plate, PreviewRequest, SwapRequest
from ml_backend.training.models.checkpoints import CheckpointInfo

Request = SwapRequest | PreviewRequest


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
