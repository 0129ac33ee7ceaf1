"""How well a mask model finds what covers a face, after a few painted masks: against known truth.

    python scripts/bench/occlusion.py [--out FOLDER] [--masks 16] [--minutes 8] [--size 96] [--swap MODEL]

Run in the backend's environment. Draws things that move before the demo's actor over two pieces of the plate, takes
`masks` masks of the first piece for painted ones, trains on the CPU, and measures on the second piece: other frames,
other motion, other sizes and colours, and a phone of which no mask was ever painted. The unchanged plate and the other
actor tell how much it takes for covered that is not. With --swap, a model trained on the demo's facesets, it also draws
swaps of the covered footage without and with the mask model.
"""

import argparse
import json
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from moving_occluders import LEARNED, UNSEEN, Motion, composited
from numpy.typing import NDArray

from ml_backend.faces.alignment import crop
from ml_backend.faces.geometry import invert, sample
from ml_backend.faces.regions import face_mask
from ml_backend.facesets.extract import run_extract
from ml_backend.facesets.masks import import_masks, predicted_file, read_mask
from ml_backend.facesets.store import Faceset, StoredFace
from ml_backend.media.movie import write_movie
from ml_backend.media.source import open_source
from ml_backend.media.write import write_rgb
from ml_backend.progress import SilentReporter
from ml_backend.requests import ApplyMasksRequest, ExtractRequest, TrainMaskRequest
from ml_backend.swapping.render import FaceRenderer, flatten
from ml_backend.swapping.settings import Controls
from ml_backend.training.masks.apply import run_apply_masks
from ml_backend.training.masks.model import open_mask_model
from ml_backend.training.masks.train import run_train_mask
from ml_backend.training.models.checkpoints import load_for_swap

FOOTAGE = Path(__file__).resolve().parents[2] / "demo" / "footage"
PLATE = FOOTAGE / "plate_A.mp4"
CROP = 192
IDENTITY = "identity_B"
SHEET_COLUMNS = 10


@dataclass(frozen=True)
class Clip:
    """Footage with known truth: for each frame (from 1) where it is covered (H×W, 0–1; None: nowhere) and by what."""

    path: Path
    truth: list[NDArray[np.float32] | None]
    things: list[str]


def covered_clip(path: Path, numbers: range, take: dict[str, Motion]) -> Clip:
    truth: list[NDArray[np.float32] | None] = []
    things: list[str] = []

    def pictures() -> Iterable[NDArray[np.uint8]]:
        for picture, alpha, thing in composited(PLATE, numbers, take):
            truth.append(alpha.astype(np.float32))
            things.append(thing)
            yield picture

    write_movie(path, pictures(), Fraction(25))
    return Clip(path, truth, things)


def extract(clip: Path, folder: Path, frames: str | None = None) -> Faceset:
    run_extract(
        ExtractRequest(person="largest", sources=[str(clip)], faceset=folder, frames=frames, size=CROP),
        SilentReporter(),
    )
    return Faceset.open(folder)


def truth_of(face: StoredFace, clip: Clip) -> NDArray[np.uint8]:
    """What an artist would paint on the crop: 255 seen, 0 covered."""
    covered = clip.truth[face.frame - 1]
    if covered is None:
        return np.full((CROP, CROP), 255, np.uint8)
    picture = np.repeat(np.round((1 - covered) * 255).astype(np.uint8)[..., None], 3, 2)
    return np.asarray(sample(picture, invert(face.matrix), CROP)[:, :, 0])


def paint(faceset: Faceset, clip: Clip, count: int, folder: Path) -> int:
    """Take `count` masks, evenly over the clip, from the truth, and import them as an artist's."""
    folder.mkdir()
    faces = faceset.faces()
    # the middle of equal parts, so that every thing is painted equally often
    for n in range(count):
        face = faces[(2 * n + 1) * len(faces) // (2 * count)]
        write_rgb(folder / face.path.name, np.repeat(truth_of(face, clip)[..., None], 3, 2))
    return int(import_masks(faceset, folder, SilentReporter())["imported"])


def train(model: Path, facesets: list[Path], size: int, settings: dict[str, str], **budget: Any) -> dict[str, Any]:
    request = TrainMaskRequest(model=model, facesets=facesets, size=size, settings=settings, **budget)
    return run_train_mask(request, SilentReporter())


@dataclass
class Count:
    """Pixels of ovals, by what they are and what they were taken for."""

    right: float = 0  # covered, and found
    wrong: float = 0  # seen, and taken for covered
    missed: float = 0  # covered, and taken for seen
    clear: float = 0  # seen, and taken for seen

    def add(self, found: NDArray[np.bool_], covered: NDArray[np.bool_], oval: NDArray[np.float32]) -> None:
        self.right += float(oval[found & covered].sum())
        self.wrong += float(oval[found & ~covered].sum())
        self.missed += float(oval[~found & covered].sum())
        self.clear += float(oval[~found & ~covered].sum())

    def figures(self) -> dict[str, float]:
        """Of the covered area and of the seen one; `covered` is what calling everything covered would score."""
        every = self.right + self.wrong + self.missed + self.clear
        return {
            "iou_covered": round(self.right / max(self.right + self.wrong + self.missed, 1), 3),
            "f_covered": round(2 * self.right / max(2 * self.right + self.wrong + self.missed, 1), 3),
            "iou_seen": round(self.clear / max(self.clear + self.wrong + self.missed, 1), 3),
            "false_cover": round(self.wrong / max(self.wrong + self.clear, 1), 4),
            "covered": round((self.right + self.missed) / max(every, 1), 3),
        }


def measure(faceset: Faceset, clip: Clip, model: Path, sheet: list[NDArray[np.uint8]] | None) -> dict[str, Any]:
    """Apply the model to a faceset and compare with the truth, by thing and in all."""
    run_apply_masks(ApplyMasksRequest(faceset=faceset.folder, mask_model=model), SilentReporter())
    counts: dict[str, Count] = {}
    faces = faceset.faces()
    shown = set(np.linspace(0, len(faces) - 1, SHEET_COLUMNS).round().astype(int).tolist())
    for number, face in enumerate(faces):
        seen, true = read_mask(predicted_file(face)), truth_of(face, clip)
        oval = face_mask((CROP, CROP), face.crop_landmarks)
        for name in (clip.things[face.frame - 1], "all"):
            counts.setdefault(name, Count()).add(seen < 128, true < 128, oval)
        if sheet is not None and number in shown:
            picture = face.read_crop()
            sheet.append(np.vstack([picture, *(_marked(picture, (1 - mask / 255) * oval) for mask in (seen, true))]))
    return {"faces": len(faces)} | {name: count.figures() for name, count in counts.items()}


def _marked(picture: NDArray[Any], covered: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    red = np.array([255, 0, 0])
    return np.asarray(picture + (red - picture) * covered[..., None] * 0.7, np.uint8)


def swap_sheet(faceset: Faceset, clip: Path, model: Path, masks: Path) -> NDArray[np.uint8]:
    """Rows: the plate, the swap without the mask model, with it, and with it and a plain feathered edge."""
    cpu = torch.device("cpu")
    loaded, seen = load_for_swap(model, cpu), open_mask_model(masks, cpu)
    painters = [
        FaceRenderer(loaded.network, IDENTITY, Controls.make({"blend": blend}, {}), cpu, mask_model)
        for blend, mask_model in (("multiband", None), ("multiband", seen), ("feather", seen))
    ]
    faces = {face.frame: face for face in faceset.faces()}
    numbers = np.array(sorted(faces))[np.linspace(0, len(faces) - 1, SHEET_COLUMNS).round().astype(int)]
    columns = []
    for frame in open_source(str(clip)).frames(numbers.tolist()):
        face = faces[frame.number]
        layers = [painter.render(frame.image, [face.landmarks]) for painter in painters]
        shown = [frame.image, *(flatten(frame.image, layer) for layer in layers)]
        columns.append(np.vstack([crop(picture, face.matrix, CROP) for picture in shown]))
    return np.hstack(columns)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="keep all there, such as sheet.png; new or empty")
    parser.add_argument("--masks", type=int, default=16)
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--swap", type=Path, metavar="MODEL", help="needs --out: draw swap.png there too")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as temporary:
        out = arguments.out or Path(temporary)
        out.mkdir(parents=True, exist_ok=True)
        first = covered_clip(out / "learned.mp4", range(1, 61), LEARNED)
        second = covered_clip(out / "unseen.mp4", range(61, 121), UNSEEN)
        learned, unseen = extract(first.path, out / "learned"), extract(second.path, out / "unseen")
        painted = paint(learned, first, arguments.masks, out / "painted")
        settings = dict(text.split("=", 1) for text in arguments.set)
        trained = train(out / "model", [learned.folder], arguments.size, settings, minutes=arguments.minutes)
        columns: list[NDArray[np.uint8]] = []
        result: dict[str, Any] = {"painted": painted, "trained": trained}
        result["unseen"] = measure(unseen, second, out / "model", columns)
        for name, file, frames in (
            ("clean", PLATE, "61-120"),
            ("other actor", FOOTAGE / "identity_B_take1.mp4", "1-60"),
        ):
            clip = Clip(file, [None] * 120, ["nothing"] * 120)
            result[name] = measure(extract(file, out / name, frames), clip, out / "model", columns)["all"]
        rows = [np.hstack(columns[n : n + SHEET_COLUMNS]) for n in range(0, len(columns), SHEET_COLUMNS)]
        width = min(row.shape[1] for row in rows)
        if arguments.out:
            write_rgb(out / "sheet.png", np.vstack([row[:, :width] for row in rows]))
            if arguments.swap:
                write_rgb(out / "swap.png", swap_sheet(unseen, second.path, arguments.swap, out / "model"))
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
