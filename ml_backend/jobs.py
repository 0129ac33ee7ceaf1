"""The kinds of job there are, for the service and the command line. The rooms are imported when a job runs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from ml_backend.progress import Reporter
from ml_backend.requests import (
    ApplyMasksRequest,
    EvaluateRequest,
    ExtractRequest,
    SwapRequest,
    TrainMaskRequest,
    TrainRequest,
)


@dataclass(frozen=True)
class JobKind:
    """One kind of job: what it is asked with, what it runs, and whether it needs a device for itself.

    `output` names the request's field with the folder that the job fills: no two jobs may work on one at once.
    """

    name: str
    request: type[BaseModel]
    run: Callable[[Any, Reporter], dict[str, Any]]
    heavy: bool = True
    output: str | None = None


def _extract(request: ExtractRequest, reporter: Reporter) -> dict[str, Any]:
    from ml_backend.facesets.extract import run_extract

    return run_extract(request, reporter)


def _train_mask(request: TrainMaskRequest, reporter: Reporter) -> dict[str, Any]:
    from ml_backend.training.masks.train import run_train_mask

    return run_train_mask(request, reporter)


def _apply_masks(request: ApplyMasksRequest, reporter: Reporter) -> dict[str, Any]:
    from ml_backend.training.masks.apply import run_apply_masks

    return run_apply_masks(request, reporter)


def _train(request: TrainRequest, reporter: Reporter) -> dict[str, Any]:
    from ml_backend.training.train import run_train

    return run_train(request, reporter)


def _swap(request: SwapRequest, reporter: Reporter) -> dict[str, Any]:
    from ml_backend.swapping.swap import run_swap

    return run_swap(request, reporter)


def _evaluate(request: EvaluateRequest, reporter: Reporter) -> dict[str, Any]:
    from ml_backend.evaluation.evaluate import run_evaluate

    return run_evaluate(request, reporter)


JOB_KINDS: dict[str, JobKind] = {
    kind.name: kind
    for kind in (
        JobKind("extract", ExtractRequest, _extract, output="faceset"),
        JobKind("train-mask", TrainMaskRequest, _train_mask, output="model"),
        JobKind("apply-masks", ApplyMasksRequest, _apply_masks, output="faceset"),
        JobKind("train", TrainRequest, _train, output="model"),
        JobKind("swap", SwapRequest, _swap, output="out"),
        JobKind("evaluate", EvaluateRequest, _evaluate, heavy=False),
    )
}
