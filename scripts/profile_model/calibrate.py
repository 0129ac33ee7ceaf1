"""Find where on the actors' skin the mesh network's points lie, on the frames that it knows well.

    python scripts/profile_model/calibrate.py HEADS --actors DIR --out places.npz

A head's skin is the same mesh in every frame, so a point of the network has one place on it, as three vertices and
their weights: that from which it is nearest to where the network sees it, over some hundred people, expressions and
poses up to 35°. From there it is known in every pose, however far the head turns.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from profile_model.heads import SKINS, read_heads, triangles
from profile_model.truth import Places

from ml_backend.faces.canonical import head_pose, mirror_partners
from ml_backend.faces.mesh import FaceMesh
from ml_backend.faces.regions import eye_distance
from ml_backend.faces.roi import upright

MOST_YAW = 35.0
WRONG = 1.6  # times the usual distance from the places
NEAREST = 5  # vertices whose triangles are tried
IRISES = 468  # the first point of them: they lie on the eyes


def known_frames(folder: Path, most: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """F×V×3 vertices and F×478×3 points as the network sees them there, in eye distances, of frames that it knows well.

    It looks at each frame and at its mirror picture; the mean of both is as symmetric as a face.
    """
    mesh, vertices, points = FaceMesh(profiles=False), [], []
    for head in read_heads(folder):
        if abs(head.view) > MOST_YAW or len(points) == most:
            continue
        roi = upright(head.vertices[:SKINS][head.vertices[:SKINS, 2] < 0])._replace(side=0.84 * len(head.picture))
        found, scores = mesh.settle(head.picture, [roi])
        square = [upright(found[0])]
        if scores[0] < 0.9 or abs(head_pose(found[0])[0]) > MOST_YAW:
            continue
        mirrored = [square[0]._replace(x=len(head.picture) - 1 - square[0].x)]
        other = mesh.landmarks(np.ascontiguousarray(head.picture[:, ::-1]), mirrored)[0][0, mirror_partners()]
        other[:, 0] = len(head.picture) - 1 - other[:, 0]
        seen = (mesh.landmarks(head.picture, square)[0][0] + other) / 2
        unit = eye_distance(seen)
        vertices.append(head.vertices / unit)
        points.append(seen / unit)
    return np.array(vertices), np.array(points)


def nearest_vertices(
    vertices: NDArray[np.float64], points: NDArray[np.float64], allowed: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """For one point (F×2) the `NEAREST` vertices (F×V×2) that are allowed and most often nearest to it."""
    away = np.median(np.linalg.norm(vertices - points[:, None], axis=2), axis=0)
    away[~allowed] = np.inf
    return np.argsort(away)[:NEAREST]


def fit(corners: NDArray[np.float64], points: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Weights (3, each ≥ 0, sum 1) of a triangle's corners (F×3×2) nearest to points (F×2), and the mean distance."""
    best = (np.array([1.0, 0, 0]), np.inf)
    for kept in ((0, 1, 2), (0, 1), (1, 2), (0, 2), (0,), (1,), (2,)):
        base = corners[:, kept[0]]
        sides = (corners[:, list(kept[1:])] - base[:, None]).transpose(0, 2, 1).reshape(2 * len(base), len(kept) - 1)
        parts = np.linalg.lstsq(sides, (points - base).reshape(-1), rcond=None)[0] if len(kept) > 1 else np.zeros(0)
        weights = np.zeros(3)
        weights[list(kept)] = [1 - parts.sum(), *parts]
        if weights.min() < -1e-9:
            continue
        away = float(np.linalg.norm(weights @ corners - points, axis=1).mean())
        if away < best[1]:
            best = (weights, away)
    return best


def find_places(
    vertices: NDArray[np.float64], points: NDArray[np.float64], faces: NDArray[np.int64]
) -> tuple[Places, NDArray[np.float64]]:
    """The 478 places, and how far from them the network sees its points on average, in eye distances."""
    count = vertices.shape[1]
    around = np.median(vertices[:, :, 2], axis=0)
    front = around < np.median(around[:SKINS])  # not the back of the head, which lies behind the face's edge
    skin = np.arange(count) < SKINS
    corners, weights, away = np.zeros((478, 3), np.int64), np.zeros((478, 3)), np.zeros(478)
    for n in range(478):
        allowed = front & (skin if n < IRISES else ~skin)
        near = nearest_vertices(vertices[:, :, :2], points[:, n, :2], allowed)
        tried = faces[np.isin(faces, near).any(1)]
        fits = [fit(vertices[:, triangle, :2], points[:, n, :2]) for triangle in tried]
        best = min(range(len(fits)), key=lambda m: fits[m][1])
        corners[n], weights[n], away[n] = tried[best], fits[best][0], fits[best][1]
    return Places(corners, weights), away


def off(places: Places, vertices: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far the network's points are from the places on F frames, on average, in eye distances: F values."""
    true = np.stack([places(one) for one in vertices])
    away: NDArray[np.float64] = np.linalg.norm((true - points)[:, :IRISES, :2], axis=2).mean(1)
    return away


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("heads", type=Path)
    parser.add_argument("--actors", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--most", type=int, default=240, help="frames to use")
    arguments = parser.parse_args()
    vertices, points = known_frames(arguments.heads, arguments.most)
    faces = triangles(arguments.actors)
    first, _ = find_places(vertices, points, faces)
    away = off(first, vertices, points)
    kept = away < WRONG * np.median(away)  # on the others the network has slipped off the face
    vertices, points = vertices[kept], points[kept]
    places, away = find_places(vertices, points, faces)
    places.write(arguments.out)
    print(
        f"{len(points)} frames; from the places, in % of the eye distance: {100 * away.mean():.2f} on average, "
        f"{100 * np.percentile(away, 95):.2f} at the 95th percentile, {100 * away.max():.2f} at most (point "
        f"{away.argmax()})"
    )
    truth = np.stack([places(one) for one in vertices])
    for name, part in (("face", slice(0, 468)), ("irises", slice(468, 478))):
        z, true = (q[:, part, 2] - q[:, part, 2].mean(1, keepdims=True) for q in (points, truth))
        print(f"depth of {name}: the network's is {(z * true).sum() / (true**2).sum():.3f} of the true one")


if __name__ == "__main__":
    main()
