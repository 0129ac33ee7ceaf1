"""The trained network, face by face."""

import numpy as np
import torch
from numpy.typing import NDArray

from ml_backend.networks.autoencoder import Autoencoder
from ml_backend.training.device import resolve_precision

from .blend import Mask, Picture, to_unit
from .detail.enlarge import enlarge


@torch.inference_mode()
def infer(
    network: Autoencoder, identity: str, device: torch.device, given: Picture, *, exact: bool = True
) -> tuple[Picture, Mask]:
    """The identity's face R×R×3 and its mask R×R, both 0–1, for a crop R×R×3 of the performer.

    exact: in float32; else in bfloat16 where the hardware has units for it, which takes half the time and is off by a
    fifth of an 8-bit code on the mean. One face at a time: a result must not depend on its neighbours in a batch, or a
    resumed swap would differ.
    """
    batch = torch.from_numpy(given).permute(2, 0, 1)[None].to(device)  # channels last, as the network is
    short = not exact and resolve_precision("auto", device) == torch.bfloat16
    with torch.autocast(device.type, torch.bfloat16, enabled=short):
        face, mask = network.swap(batch, identity)
    return (
        np.asarray(face[0].permute(1, 2, 0).float().cpu().numpy(), np.float32),
        np.asarray(mask[0, 0].float().cpu().numpy(), np.float32),
    )


def infer_portrait(network: Autoencoder, identity: str, device: torch.device, portrait: NDArray[np.uint8]) -> Picture:
    """The identity's face R×R×3 in 0–1 for a portrait S×S×3, which has the framing of the network's crops."""
    given = np.clip(enlarge(to_unit(portrait), network.side, "cubic"), 0, 1)
    return infer(network, identity, device, given, exact=False)[0]  # of an 8-bit picture
