"""The face models that ship with the backend: are they whole, and do they see what they should?"""

import numpy as np

from ml_backend.doctor.check import Check
from ml_backend.doctor.sample_face import reference, sample_face
from ml_backend.faces.detection import CenterFace
from ml_backend.faces.mesh import FaceMesh
from ml_backend.faces.onnx_model import SHA256, open_model
from ml_backend.faces.recognition import SAME_PERSON, Recogniser, distance
from ml_backend.faces.regions import LEFT_EYE_CORNER, RIGHT_EYE_CORNER
from ml_backend.faces.roi import roi_of_detection

_PIXELS = 4.0  # in 384; other processors and library versions find a point a fraction of a pixel elsewhere
_DISTANCE = SAME_PERSON / 3


def check_files() -> Check:
    """Every model's hash is right and it loads. Raises BackendError for the first that is missing or damaged."""
    for name in SHA256:
        open_model(name)
    return Check("face models", "ok", f"{', '.join(sorted(SHA256))}: whole")


def check_inference() -> Check:
    """Find the face in the sample picture, its points, and who it is."""
    image, expected = sample_face(), reference()
    found = CenterFace()(image)
    name, fix = "face recognition", "Install the backend again; if that does not help, install onnxruntime again."
    if len(found) != 1:
        return Check(name, "failed", f"{len(found)} faces were found in the sample picture, and it has one", fix)
    points, _ = FaceMesh().settle(image, [roi_of_detection(found[0])])
    eyes = points[0][[LEFT_EYE_CORNER, RIGHT_EYE_CORNER], :2]
    off = float(np.abs(eyes - expected.eyes).max())
    if not off < _PIXELS:
        return Check(name, "failed", f"the eyes in the sample picture are {off:.1f} px from where they are", fix)
    apart = float(distance(Recogniser().embed(image, points[0]), expected.embedding))
    if not apart < _DISTANCE:
        return Check(name, "failed", f"the face in the sample picture is not recognised (distance {apart:.2f})", fix)
    return Check(name, "ok", f"the sample face was found and recognised ({off:.2f} px, {apart:.3f} apart)")
