"""A trained mask model, ready to look at faces."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from ml_backend.errors import UsageError
from ml_backend.faces.alignment import Framing
from ml_backend.networks.unet import UNet
from ml_backend.training.models.checkpoints import list_checkpoints

from .checkpoints import MaskInfo, damaged, load, sha256


@dataclass(frozen=True)
class MaskModel:
    """The averaged network of a mask model's newest checkpoint.

    framing: how its crops must be cut. size: the side of its network's picture; crops of that size are the quickest.
    sha256: of its weights: two models with the same one say the same.
    """

    network: UNet
    info: MaskInfo
    sha256: str
    device: torch.device

    @property
    def size(self) -> int:
        return self.info.size

    @property
    def framing(self) -> Framing:
        return Framing(self.info.framing, self.info.framing_side, self.info.framing_down)

    @torch.inference_mode()
    def predict(self, crops: NDArray[np.uint8 | np.uint16 | np.float32 | np.float64]) -> NDArray[np.float32]:
        """How sure it is that each pixel shows the face and nothing in front of it: N×S×S float32 in 0–1.

        crops: N×S×S×3 RGB of aligned faces in the model's `framing`; integers over their whole range, floats in 0–1.
        Away from the face's oval the answer means nothing. Raises ValueError for arrays of another shape.
        """
        if crops.ndim != 4 or crops.shape[1] != crops.shape[2] or crops.shape[3] != 3:
            raise ValueError(f"crops must be N×S×S×3, these are {crops.shape}")
        side = crops.shape[1]
        if not len(crops):
            return np.zeros((0, side, side), np.float32)
        most = {"uint8": 255.0, "uint16": 65535.0}.get(crops.dtype.name, 1.0)
        given = np.stack([self._resized(np.asarray(crop / most, np.float32), self.size) for crop in crops])
        batch = torch.from_numpy(np.ascontiguousarray(given.transpose(0, 3, 1, 2))).to(self.device)
        seen = torch.sigmoid(self.network(batch.contiguous(memory_format=torch.channels_last)))
        return np.stack([self._resized(one, side) for one in seen[:, 0].cpu().numpy()]).clip(0, 1)

    @staticmethod
    def _resized(picture: NDArray[np.float32], side: int) -> NDArray[np.float32]:
        if picture.shape[0] == side:
            return picture
        interpolation = cv2.INTER_AREA if picture.shape[0] > side else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(picture, (side, side), interpolation=interpolation), np.float32)


def open_mask_model(folder: Path, device: torch.device) -> MaskModel:
    """Raises UsageError where the folder holds no mask model, BackendError that names the damaged file."""
    folders = list_checkpoints(folder)
    if not folders:
        raise UsageError(f"{folder} holds no mask model.", "Train one with ml-backend train-mask --model.")
    checkpoint = load(folders[-1], ("ema",))
    network, file = UNet(), folders[-1] / "ema.safetensors"
    try:
        network.load_state_dict(checkpoint.parts["ema"])
    except RuntimeError as error:
        raise damaged(file, error) from error
    ready: UNet = network.eval().to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return MaskModel(ready, checkpoint.info, sha256(file), device)
