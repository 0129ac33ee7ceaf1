"""Settings that were given and change nothing, so that nobody turns a knob that is not connected."""

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
