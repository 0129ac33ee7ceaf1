"""Whose consent a swap or a preview needs, and what they are asked for."""

from ml_backend.provenance.gate import (
    Granted,
    Purpose,
    check_bound,
    people_of_swap,
    refusals_entered,
    require,
    shot_of,
)
from ml_backend.requests import Plate, PreviewRequest, SwapRequest
from ml_backend.training.models.checkpoints import CheckpointInfo

Request = SwapRequest | PreviewRequest


def purpose_of(request: Request) -> Purpose:
    return Purpose("swap", request.consent, request.project, request.shot, footage_name(request.plate))


def footage_name(plate: str | Plate) -> str:
    return plate.source if isinstance(plate, Plate) else plate


def permit(request: Request, model: CheckpointInfo, performer: str | None) -> Granted:
    """The consent of the identity and of who is filmed, under which the model learned them.

    performer: as the setting names them. Raises ConsentRefused.
    """
    purpose = purpose_of(request)
    with refusals_entered([request.identity], purpose):
        people = people_of_swap(model.identities, request.identity, performer)
    granted = require(people, purpose)
    with refusals_entered(people, purpose):
        check_bound(model.consent, granted, model.identities)
    return granted


def facts_of(request: Request) -> dict[str, str | int]:
    """What the audit keeps of it."""
    return {"model": request.model.name, "plate": shot_of(footage_name(request.plate)), **purpose_of(request).facts()}
