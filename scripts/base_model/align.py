"""Turn the rendered frames into training crops, as the product does: detector, landmarks, alignment.

    python scripts/base_model/align.py DATA OUT.npz [--resolution 96]

Run in the backend's environment. DATA is what render.py made. Frames in which the landmarks found lie far from the true
ones are left out. Running it again after more frames were rendered adds those.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ml_backend.faces.alignment import FACE, STORED_MARGIN, Framing, align, crop
from ml_backend.faces.detection import CenterFace
from ml_backend.faces.geometry import transform
from ml_backend.faces.landmarks import Landmarker, open_landmarker
from ml_backend.faces.mesh import FaceMesh
from ml_backend.faces.regions import eye_distance, eyes_and_mouth, face_mask, landmarks68
from ml_backend.faces.roi import GROW, Roi, roi_of_detection
from ml_backend.media.frame import Pixels
from ml_backend.media.write import read_picture

OVERSAMPLE = 1.25  # as in training: finer than the network's pixels, so that augmentation does not soften them
MARGIN = 1.25  # of the face crop's side: what the pictures hold around the face, and what augmentation needs
FURTHEST = 0.14  # distance between found and true landmarks, in distances of the outer eye corners, on average
assert MARGIN <= STORED_MARGIN


def rendered(data: Path) -> list[dict[str, Any]]:
    """What is in each rendered frame, by its name."""
    lines = {}
    for file in sorted(data.glob("frames-*.jsonl")):
        for text in file.read_text(encoding="utf-8").splitlines():
            if text.endswith("}}"):
                line = json.loads(text)
                lines[line["frame"]] = line
    return [lines[name] for name in sorted(lines)]


def find(image: Pixels, truth: NDArray[np.float64], detector: CenterFace, landmarker: Landmarker) -> NDArray | None:
    """478×3 landmarks, or None. The true place is looked at too: a tracker would know it from the frame before."""
    found = detector(image)
    low, high = truth.min(0), truth.max(0)
    side = GROW * float((high - low).max())
    places = [roi_of_detection(found[0])] if found else []
    places.append(Roi(*((low + high) / 2), side, 0.0))
    points, _ = landmarker.settle(image, places, average=True)
    errors = [np.linalg.norm(landmarks68(p)[17:] - truth[17:], axis=1).mean() / eye_distance(p) for p in points]
    best = int(np.argmin(errors))
    return points[best] if errors[best] < FURTHEST else None


def planes(image: Pixels, landmarks: NDArray[np.float64], size: int) -> NDArray[np.uint8]:
    """5×size×size: red, green, blue, the face's mask, eyes and mouth."""
    framing = Framing(FACE.name, FACE.side * MARGIN, FACE.down)
    matrix = align(landmarks, size, framing)
    points = transform(landmarks[:, :2], matrix)
    masks = [face_mask((size, size), points), eyes_and_mouth((size, size), points)]
    picture = crop(image, matrix, size).transpose(2, 0, 1)
    return np.concatenate([picture, np.round(np.stack(masks) * 255).astype(np.uint8)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--resolution", type=int, default=96)
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    size = round(arguments.resolution * MARGIN * OVERSAMPLE)
    frames = rendered(arguments.data)
    done: dict[str, NDArray[np.uint8]] = {}
    refused: set[str] = set()
    if arguments.out.exists():
        with np.load(arguments.out) as before:
            done = dict(zip(before["names"].tolist(), before["planes"], strict=True))
            refused = set(before["refused"].tolist())
    detector, landmarker = CenterFace(), open_landmarker()
    assert isinstance(landmarker, FaceMesh)
    for count, frame in enumerate(frames, 1):
        name = frame["frame"]
        if name in done or name in refused:
            continue
        image = read_picture(arguments.data / "frames" / f"{name}.png")[:, :, :3]
        landmarks = find(image, np.array(frame["landmarks68"]), detector, landmarker)
        if landmarks is None:
            refused.add(name)
        else:
            done[name] = planes(image, landmarks, size)
        if count % 200 == 0:
            print(f"{count} of {len(frames)}, {len(refused)} refused", file=sys.stderr, flush=True)
    names = sorted(done)
    temporary = arguments.out.with_name(f"{arguments.out.stem}.part.npz")
    np.savez(
        temporary,
        names=np.array(names),
        planes=np.stack([done[name] for name in names]),
        refused=np.array(sorted(refused), dtype=str),
        margin=MARGIN,
        landmark_model=landmarker.id,
    )
    temporary.replace(arguments.out)
    print(f"{len(names)} faces, {len(refused)} refused, {size}×{size}")


if __name__ == "__main__":
    main()
