"""What of a swap's error is that the face, or its features, lie beside their place, and whether alike on every frame.

    python scripts/bench/displacement.py SWAP … [--pair performer=CLIP truth=CLIP mask=CLIP] [--every 3]

Run in the backend's environment. SWAP: folders of `ml-backend swap` of the whole plate. Without --pair they are of the
demo's. PSNR inside the mask in dB over the plate's: of the swap as it is, moved as a whole by one similarity that is
the same on all frames (told by the truth), by another one on each frame, each point of the face moved by one warp that
is the same on all frames, by another one on each.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from demo_pair import FOOTAGE
from numpy.typing import NDArray

from ml_backend.faces.alignment import FACE, align
from ml_backend.faces.geometry import invert, transform
from ml_backend.faces.landmarks import open_landmarker
from ml_backend.faces.mesh_surface import POINTS, MeshSurface
from ml_backend.faces.roi import roi_of_landmarks
from ml_backend.faces.tracking import FaceTracker
from ml_backend.media.source import open_source
from ml_backend.media.write import read_picture
from ml_backend.swapping.manifest import read_manifest
from ml_backend.swapping.render import flatten

Points = NDArray[np.float64]
Image = NDArray[np.float32]
CROP = 256  # pixels of the crop in which places are compared
SOFT = 4.0  # pixels over which a warp is smoothed
WAYS = ("as it is", "placed once", "placed a frame", "warped once", "warped a frame")


@dataclass(frozen=True)
class Sight:
    """Pictures: H×W×3 in 0–1; inside: H×W; to_crop: 2×3; made, wanted: the points in swap and truth, 478×3."""

    swap: Image
    truth: Image
    plate: Image
    inside: NDArray[np.bool_]
    to_crop: Points
    made: Points
    wanted: Points


def sights(folder: Path, pair: Mapping[str, Path], every: int) -> Iterator[Sight]:
    layers = {record.number: record.file for record in read_manifest(folder).frames}
    landmarker, follow = open_landmarker("mesh"), FaceTracker()
    clips = [open_source(str(pair[name])).frames() for name in ("performer", "truth", "mask")]
    for plate, truth, mask in zip(*clips, strict=True):
        faces = follow(plate.image)
        if plate.number % every or not faces:
            continue
        swap = flatten(plate.image, read_picture(folder / layers[plate.number]))
        place = [roi_of_landmarks(faces[0].landmarks)]
        made, wanted = (landmarker.settle(image, place)[0][0] for image in (swap, truth.image))
        images = [np.asarray(image, np.float32) / 255 for image in (swap, truth.image, plate.image)]
        yield Sight(*images, mask.image[..., 0] > 127, align(faces[0].landmarks, CROP, FACE), made, wanted)


def in_crop(points: Points, sight: Sight) -> Points:
    return transform(points[:, :2], sight.to_crop)


def place(sight: Sight) -> Points:
    """2×3 in the crop: turns, sizes and moves the swap's points onto the truth's."""
    made, wanted = (in_crop(points[:POINTS], sight).astype(np.float32) for points in (sight.made, sight.wanted))
    return np.asarray(cv2.estimateAffinePartial2D(made, wanted, method=cv2.LMEDS)[0], np.float64)


def moved(sight: Sight, similarity: Points) -> Image:
    whole = [np.vstack([matrix, [0, 0, 1]]) for matrix in (similarity, sight.to_crop)]
    matrix = invert(sight.to_crop) @ whole[0] @ whole[1]
    size = sight.swap.shape[1::-1]
    warp = cv2.warpAffine(sight.swap, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warp, np.float32)


def warped(sight: Sight, to: Points) -> Image:
    """The swap with its points moved `to` (478×2), and what is between them and a little around."""
    shape = sight.swap.shape[:2]
    aim = np.column_stack([to, sight.made[:, 2]])[:POINTS]
    surface = MeshSurface(shape, aim[:, :2], aim[:, 2])
    back = surface.paint((sight.made[:POINTS, :2] - aim[:, :2]).astype(np.float32))
    within = surface.inside.astype(np.float32)
    back = cv2.GaussianBlur(back, (0, 0), SOFT) / np.maximum(cv2.GaussianBlur(within, (0, 0), SOFT), 0.02)[..., None]
    back *= np.minimum(1, 2 * cv2.GaussianBlur(within, (0, 0), 2 * SOFT))[..., None]
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    x, y = x + back[..., 0], y + back[..., 1]
    warp = cv2.remap(sight.swap, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warp, np.float32)


def gains(seen: Sequence[Sight]) -> dict[str, float]:
    """dB over the plate's PSNR, by what was mended."""
    places = [place(sight) for sight in seen]
    usual = np.mean(places, 0)
    shift = np.mean([in_crop(sight.wanted, sight) - in_crop(sight.made, sight) for sight in seen], 0)
    found: dict[str, list[float]] = {way: [] for way in WAYS}
    for sight, own in zip(seen, places, strict=True):
        once = transform(in_crop(sight.made, sight) + shift, invert(sight.to_crop))
        made = (
            sight.swap,
            moved(sight, usual),
            moved(sight, own),
            warped(sight, once),
            warped(sight, sight.wanted[:, :2]),
        )
        for way, image in zip(WAYS, made, strict=True):
            found[way].append(_psnr(image, sight) - _psnr(sight.plate, sight))
    return {way: float(np.mean(values)) for way, values in found.items()}


def _psnr(image: Image, sight: Sight) -> float:
    return float(-10 * np.log10(np.square(image - sight.truth)[sight.inside].mean()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("swaps", nargs="+", type=Path, metavar="SWAP")
    parser.add_argument("--pair", nargs="+", default=[], metavar="NAME=CLIP", help="performer, truth, mask")
    parser.add_argument("--every", type=int, default=3, help="look at every so many frames")
    arguments = parser.parse_args()
    demo = {"performer": "plate_A.mp4", "truth": "truth_A_as_B.mp4", "mask": "mask_A.mp4"}
    pair = {name: FOOTAGE / file for name, file in demo.items()}
    pair |= {name: Path(file) for name, file in (word.split("=", 1) for word in arguments.pair)}
    print(f"{'swap':<24}" + "".join(f"{way:>16}" for way in WAYS))
    for folder in arguments.swaps:
        found = gains(list(sights(folder, pair, arguments.every)))
        print(f"{folder.name:<24}" + "".join(f"{found[way]:+16.2f}" for way in WAYS), flush=True)


if __name__ == "__main__":
    main()
