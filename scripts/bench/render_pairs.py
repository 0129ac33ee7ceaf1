"""Other pairs than the demo's, with the truth of their swap: two takes of the identity, the plate, the truth, its mask.

    python scripts/bench/render_pairs.py WORK --actors DIR --python /opt/envs/bpy50/bin/python [--pairs B_as_A …]

Run in the backend's environment. DIR holds the synthetic actors (make_clip.py, actors.py and data/), --python is one
with bpy 5.0, numpy<2, scipy, pillow and opencv-python-headless. Writes WORK/PAIR/plate.mp4, truth.mp4, mask.mp4,
identity_take1.mp4 and identity_take2.mp4, 384 px wide, enlarged from what was rendered; a clip that is there stays.
`base_model.py --pair` measures on them, which takes minutes a pair to render.
"""

import argparse
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.media.movie import write_movie

RENDERED, SIDE, SAMPLES = 256, 384, 12
FPS, CRF = Fraction(25), 14
PLATE, TAKE = 90, 100  # frames


@dataclass(frozen=True)
class Cast:
    """performance: of the plate, those of the takes follow. turning: the camera goes around the head."""

    performer: str
    identity: str
    performance: int
    place: str
    takes: tuple[str, str]
    turning: bool = False


PAIRS = {
    "B_as_A": Cast("B", "A", 21, "courtyard", ("interior", "forest")),
    "C_as_B": Cast("C", "B", 31, "interior", ("courtyard", "interior")),
    "A_as_B_turning": Cast("A", "B", 41, "courtyard", ("forest", "interior"), turning=True),
}


def pictures(folder: Path, ending: str = "") -> Iterator[NDArray[np.uint8]]:
    for file in sorted(folder.glob(f"????{ending}.png")):
        picture = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
        if picture.dtype == np.uint16:
            picture = np.round(picture / 257).astype(np.uint8)
        picture = cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB) if picture.ndim == 2 else picture[..., 2::-1]
        yield np.asarray(cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC), np.uint8)


def make(program: Sequence[str | Path], words: dict[str, object], clips: dict[str, Path]) -> None:
    """Render a clip and write it; clips: its file by the ending of its pictures' names ('' or '_mask')."""
    if all(file.exists() for file in clips.values()):
        return
    with tempfile.TemporaryDirectory() as frames:
        options = [f"--{name}={value}" for name, value in words.items()]
        size = [f"--res={RENDERED}", f"--spp={SAMPLES}", f"--out={frames}"]
        subprocess.run([*program, *options, *size], check=True, stdout=subprocess.DEVNULL)
        for ending, file in clips.items():
            write_movie(file, pictures(Path(frames), ending), FPS, crf=CRF)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--actors", type=Path, required=True)
    parser.add_argument("--python", type=Path, required=True)
    parser.add_argument("--pairs", nargs="+", choices=PAIRS, default=list(PAIRS))
    arguments = parser.parse_args()
    for name in arguments.pairs:
        pair, folder = PAIRS[name], arguments.work / name
        folder.mkdir(parents=True, exist_ok=True)
        own = [Path(__file__).with_name("turning_clip.py"), f"--actors={arguments.actors}"]
        program = [arguments.python, *(own if pair.turning else [arguments.actors / "make_clip.py"])]
        plate = {"who": pair.performer, "other": pair.identity, "perf": pair.performance, "frames": PLATE}
        plate["hdri"] = pair.place
        make(program, plate | {"mode": "A"}, {"": folder / "plate.mp4", "_mask": folder / "mask.mp4"})
        make(program, plate | {"mode": "gt_face"}, {"": folder / "truth.mp4"})
        for number, around in enumerate(pair.takes, 1):
            take = {"who": pair.identity, "other": pair.performer, "perf": pair.performance + number, "frames": TAKE}
            make(program, take | {"mode": "A", "hdri": around}, {"": folder / f"identity_take{number}.mp4"})


if __name__ == "__main__":
    main()
