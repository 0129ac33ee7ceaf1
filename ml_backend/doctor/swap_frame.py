"""One frame of a swap of the sample face, at any size: how long it takes, and how large its file becomes."""

import numpy as np
import torch

from ml_backend.doctor.sample_face import sample_frame
from ml_backend.faces.detection import CenterFace
from ml_backend.faces.mesh import FaceMesh
from ml_backend.faces.roi import roi_of_detection
from ml_backend.media.frame import Pixels
from ml_backend.media.write import encode_png
from ml_backend.networks.architecture import Architecture
from ml_backend.networks.families import build_autoencoder
from ml_backend.swapping.masks.surface import surface_mask
from ml_backend.swapping.render import FaceRenderer
from ml_backend.swapping.settings import Controls, SwapSettings


class SwapFrame:
    """A plate of one frame, 8-bit RGB, with a close-up of the sample face and its landmarks (478×3, pixels)."""

    def __init__(self, width: int, height: int) -> None:
        self.plate = sample_frame(width, height)
        face = CenterFace()(self.plate)[0]
        self.landmarks = FaceMesh().settle(self.plate, [roi_of_detection(face)])[0][0]

    def file_bytes(self) -> int:
        """The size of the PNG: the plate's own face, cut out as a swap cuts it. Grain makes it larger."""
        height, width = self.plate.shape[:2]
        settings = SwapSettings()
        alpha = surface_mask((height, width), self.landmarks, settings.erosion, settings.softness)
        colour = np.where(alpha[..., None] > 0, self.plate, 0)
        layer: Pixels = np.dstack([colour, np.round(alpha * 255)]).astype(np.uint8)
        return len(encode_png(layer))

    def renderer(self, architecture: Architecture, device: torch.device) -> FaceRenderer:
        """One with an untrained network of this architecture: it makes no likeness, but takes as long."""
        network = build_autoencoder(architecture, ("a", "b")).eval().to(device)
        return FaceRenderer(network, "a", Controls(SwapSettings(learned_mask=False), {}), device)

    def render(self, renderer: FaceRenderer) -> None:
        """Everything that is done to a frame after its face was found."""
        encode_png(renderer.render(self.plate, [self.landmarks]))
