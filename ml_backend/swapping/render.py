"""Make one frame of a swap: the plate's frame and its faces in, a layer out."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from ml_backend.faces.face import Face
from ml_backend.media.colour import PLAIN, Colour
from ml_backend.media.frame import Frame, Pixels
from ml_backend.networks.autoencoder import Autoencoder
from ml_backend.training.masks.model import MaskModel

from .detail.identity_detail import IdentityDetail
from .detail.made_shape import MadeShape
from .layer import Layer, combine, flatten, full_frame
from .making import FaceMaker, Made
from .painting import paint
from .settings import Controls
from .slate import burn
from .steadying import steady

__all__ = ["FaceRenderer", "flatten"]


class FaceRenderer:
    """Paints the face of one identity with a trained network."""

    def __init__(
        self,
        network: Autoencoder,
        identity: str,
        controls: Controls,
        device: torch.device,
        mask_model: MaskModel | None = None,
        colour: Colour | None = None,
        target: Colour | None = None,
        slate: bool = False,
        detail: IdentityDetail | None = None,
        shape: MadeShape | None = None,
    ) -> None:
        """mask_model: says what covers the performer's face. colour: what the plate's pixels mean, and target those of
        the layer; an ordinary picture's where absent, and the same as the plate's. slate: write TEST over each face.
        detail: the identity's own, to lay on the face. shape: finds the made face's points, so that detail comes where
        its features are and the performance is kept.
        """
        self._maker = FaceMaker(network, identity, controls, device, mask_model, shape)
        self._controls = controls
        self._colour = colour or PLAIN
        self._target = target or self._colour
        self._slate = slate
        self._detail, self._shape = detail, shape

    def make(self, frame: Frame, faces: Sequence[Face]) -> list[Made]:
        """The network's faces of a frame."""
        return self._maker.make(frame, faces)

    def paint(self, number: int, near: Mapping[int, Sequence[Made]]) -> Layer:
        """The layer of frame `number`; near: what `make` gave for it and for the frames around it."""
        settings = self._controls.at(number)
        faces = [
            paint(
                (number, n),
                made,
                steady(number, made, near, self._controls),
                settings,
                self._colour,
                self._target,
                self._detail,
                self._shape,
            )
            for n, made in enumerate(near[number])
        ]
        return combine([burn(face) for face in faces] if self._slate else faces)

    def render(self, plate: Pixels, faces: Sequence[NDArray[np.float64]]) -> Pixels:
        """H×W×4 RGBA, straight, of one frame alone: H×W×3 RGB (uint8 or uint16), and 478×3 landmarks for each face.

        In the plate's type; without a face it is fully transparent.
        """
        made = self.make(Frame(0, plate), [Face(points, 1.0, n) for n, points in enumerate(faces)])
        return full_frame(self.paint(0, {0: made}), plate)
