"""Who is on a reference picture."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.errors import UsageError
from ml_backend.faces.detection import Detection
from ml_backend.faces.landmarks import Landmarker
from ml_backend.faces.roi import roi_of_detection
from ml_backend.media.frame import Pixels
from ml_backend.media.picture import read_picture

CLEARLY = 2.0  # of several faces the largest is meant if it is this many times as wide as the next
_MIN_SCORE = 0.5
_BORDER = 0.5  # as a part of the longer side
_TOO_SMALL = 16  # pixels between the edges of a face


class Embeds(Protocol):
    """What `faces.recognition.Recogniser` does."""

    def embed(self, image: Pixels, landmarks: NDArray[np.float64]) -> NDArray[np.float32]: ...


def embed_reference(
    path: Path, detector: Callable[[Pixels], list[Detection]], landmarker: Landmarker, recogniser: Embeds
) -> NDArray[np.float32]:
    """The embedding (128) of the face on a picture of a person.

    Of several faces the largest counts where it is at least twice as wide as the next, as that of somebody in front
    of passers-by; else UsageError, for nobody can know which is meant. UsageError too where there is no face or no
    picture at `path`, BackendError where it is damaged. Pictures that are a face from edge to edge and those that a
    camera turned by a quarter or a half are understood.
    """
    picture = read_picture(path)
    image: Pixels = np.ascontiguousarray(picture[:, :, :3])
    for view in _views(image):
        found = [one for one in detector(view) if _width(one) >= _TOO_SMALL]
        if not found:
            continue
        ordered = sorted(found, key=_width, reverse=True)
        points, scores = landmarker.settle(view, [roi_of_detection(ordered[0])], average=True)
        if scores[0] < _MIN_SCORE:
            continue
        if len(ordered) > 1 and _width(ordered[0]) < CLEARLY * _width(ordered[1]):
            raise UsageError(
                f"{path} shows {len(ordered)} faces of about the same size.",
                "Cut the picture to the one that you want.",
            )
        return recogniser.embed(view, points[0])
    raise UsageError(
        f"No face is to be seen on {path}.", "Give a sharp picture on which the person looks into the camera."
    )


def _width(face: Detection) -> float:
    return float((face.box[2:] - face.box[:2]).max())


def _views(image: Pixels) -> list[Pixels]:
    """The picture, with a border for a face that reaches its edges, and turned: its EXIF orientation is not applied."""
    border = round(max(image.shape[:2]) * _BORDER)
    grey = [np.iinfo(image.dtype).max // 2] * 3
    framed = cv2.copyMakeBorder(image, border, border, border, border, cv2.BORDER_CONSTANT, value=grey)
    return [image, cast(Pixels, framed), *(np.ascontiguousarray(np.rot90(image, turns)) for turns in (1, 3, 2))]
