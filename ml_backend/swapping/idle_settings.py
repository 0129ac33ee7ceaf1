"""Settings that change nothing, so that nobody turns a knob that is not connected."""

from pathlib import Path

from ml_backend.requests import SwapRequest

from .settings import SwapSettings

_OF_MASK_MODEL = ("occlusion_grow", "occlusion_feather", "occlusion_steady")


def idle_settings(request: SwapRequest, settings: SwapSettings) -> str | None:
    """A sentence about those of the request that do nothing; None where all count."""
    given = request.settings.keys() | request.keys.keys()
    idle = [name for name in _OF_MASK_MODEL if name in given]
    if request.mask_model is None and "occlusion" in given and settings.occlusion:
        idle.insert(0, "occlusion")
    if not idle or (request.mask_model is not None and settings.occlusion):
        return None
    why = "without a mask model (--mask-model)" if request.mask_model is None else "with occlusion=false"
    return f"{', '.join(idle)}: no effect {why}."


def unheld_performance(request: SwapRequest, settings: SwapSettings, *, known: bool) -> str | None:
    """A sentence where the request asks for `performance` and the usual shape is not known; None else."""
    asked = "performance" in request.keys or ("performance" in request.settings and settings.performance > 0)
    if known or not asked:
        return None
    return "performance: no effect, since the model has no portraits of who is filmed, or nobody says who that is."


def no_portraits(model: Path, identity: str) -> str:
    """A sentence about a model in whose swaps `detail` does nothing, and what to do about it."""
    fix = "Export it again with its portraits." if model.is_file() else "Train it on for a step with their faceset."
    return f"The model {model} has no portraits of {identity}, so the face stays soft: detail has no effect. {fix}"
