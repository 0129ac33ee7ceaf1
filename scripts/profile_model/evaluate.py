"""How well the landmarks lie on single pictures of heads by their yaw, with the profile copy and without.

    python scripts/profile_model/evaluate.py HEADS --places places.npz [--sheet SHEET.png]

Each head is found by the detector, as at the start of a track; distances are in % of the distance of the outer eye
corners in three dimensions. `found`: detector and landmarks see a face (score of 0.5 or more) where it is.
The sheet shows some of the heads that are turned by 45° or more, as the product measures them.
"""

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from profile_model.heads import BACK, Head, read_heads
from profile_model.truth import Places

from ml_backend.faces.detection import CenterFace
from ml_backend.faces.mesh import FaceMesh
from ml_backend.faces.regions import OVAL, eye_distance
from ml_backend.faces.roi import roi_of_detection, roi_of_landmarks

BINS = ((0, 15), (15, 30), (30, 45), (45, 60), (60, 75), (75, 90), (90, 105), (BACK, 180))
FACE = np.setdiff1d(np.arange(468), OVAL)  # the edge of a face is a convention, not a place
COLUMNS, TILE = 8, 224


def measured(head: Head, detector: CenterFace, mesh: FaceMesh) -> NDArray[np.float64] | None:
    """The 478×3 points of the largest face that is found."""
    squares = [roi_of_detection(one) for one in detector(head.picture)]
    points, scores = mesh.settle(head.picture, squares)
    seen = [found for found, score in zip(points, scores, strict=True) if score >= 0.5]
    return max(seen, key=lambda found: roi_of_landmarks(found).side, default=None)


def tile(head: Head, points: NDArray[np.float64]) -> NDArray[np.uint8]:
    scale = TILE / head.picture.shape[0]
    picture = cv2.resize(head.picture, (TILE, TILE), interpolation=cv2.INTER_CUBIC)
    for x, y in points[:, :2] * scale:
        cv2.circle(picture, (round(float(x)), round(float(y))), 1, (0, 255, 0), -1)
    cv2.putText(picture, f"{head.view:.0f}", (4, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 0), 1, cv2.LINE_AA)
    return picture


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("heads", type=Path)
    parser.add_argument("--places", type=Path, required=True)
    parser.add_argument("--sheet", type=Path)
    arguments = parser.parse_args()
    places, detector, tiles = Places.read(arguments.places), CenterFace(), []
    ways = {"as it came": FaceMesh(profiles=False), "with the profile copy": FaceMesh()}
    rows: dict[str, list[tuple[float, float, float]]] = {name: [] for name in ways}
    for head in read_heads(arguments.heads):
        true = places(head.vertices)
        for name, mesh in ways.items():
            points = measured(head, detector, mesh)
            on = points is not None and roi_of_landmarks(points).covers(roi_of_landmarks(true))
            away = np.full(468, np.nan)
            if points is not None and on:
                away = 100 * np.linalg.norm((points - true)[:468, :2], axis=1) / eye_distance(true)
            rows[name].append((abs(head.view), away.mean(), away[FACE].mean()))
        if points is not None and 45 <= abs(head.view) < BACK:
            tiles.append(tile(head, points))
    for name, row in rows.items():
        print(f"{name}\n      yaw  heads  found %  error %  median  95th  within the oval %")
        figures = np.array(row)
        for low, high in BINS:
            part = figures[(figures[:, 0] >= low) & (figures[:, 0] < high)]
            there = part[np.isfinite(part[:, 1])]
            errors = there if len(there) else np.full((1, 3), np.nan)
            found, (_, error, inner) = 100 * len(there) / max(len(part), 1), errors.mean(0)
            median, most = np.percentile(errors[:, 1], (50, 95))
            print(f"{low:4}–{high:<4} {len(part):6} {found:8.0f} {error:8.1f} {median:7.1f} {most:5.1f} {inner:18.1f}")
    if arguments.sheet:
        shown = tiles[:: max(1, len(tiles) // (6 * COLUMNS))]
        shown = shown[: len(shown) // COLUMNS * COLUMNS]
        sheet = np.vstack([np.hstack(shown[n : n + COLUMNS]) for n in range(0, len(shown), COLUMNS)])
        cv2.imwrite(str(arguments.sheet), sheet[:, :, ::-1])


if __name__ == "__main__":
    main()
