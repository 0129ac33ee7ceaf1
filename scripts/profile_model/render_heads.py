"""Render heads that turn up to the profile and beyond, of people who do not exist, with where their skin is.

    /opt/envs/bpy50/bin/python scripts/profile_model/render_heads.py OUT --actors DIR [--worker 1/2]

Run in a Python with bpy 5.0, numpy<2, scipy, pillow and opencv-python-headless. DIR holds the synthetic actors
(actors.py and data/). Writes OUT/frames/NNNNN.png (RGB, 8 bits, sRGB) and beside it NNNNN.npy: where the vertices of
skin and eyes are in the picture. Frames that are there are not rendered again; every round of people is a smaller
whole data set. The demo's people are not among them unless `--demo` asks for them alone.
"""

import argparse
import importlib
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from base_model.moments import HDRIS, Moment
from base_model.people import data_folder, make_people
from base_model.render import enter, light, set_up, shoot, surround
from profile_model.heads import EYES, PRECISION, SKIN, turned_moment

EACH = 8  # frames of a person in a round


def arrange(ac: ModuleType, handles: dict[str, Any], actor: Any, moment: Moment, side: float) -> None:
    """Pose, light and camera of a moment; side: where the camera stands, in degrees."""
    actor.set(moment.expression, moment.yaw, moment.pitch, moment.roll)
    middle = ac.zup(actor.P[ac.LM68]).mean(0)
    target = (float(middle[0]), float(middle[1]), float(middle[2]) + moment.aim[1])
    ac.apply_cam(handles, moment.distance, side, target[2] + moment.height, moment.lens, target)
    light(ac, handles, moment, moment.key_azimuth + side / 2)


def seen(ac: ModuleType, scene: Any, actor: Any) -> np.ndarray:
    """V×3 int16 in parts of a pixel, of skin and eyes: x, y, and how far they are behind the middle."""
    to_camera = np.linalg.inv(np.array(scene.camera.matrix_world))
    points = ac.zup(np.concatenate([actor.P[SKIN], actor.P[EYES]])) @ to_camera[:3, :3].T + to_camera[:3, 3]
    depth, middle = -points[:, 2], np.median(-points[:, 2])
    side = scene.render.resolution_x
    focal = side * scene.camera.data.lens / scene.camera.data.sensor_width
    x = points[:, 0] / depth * focal + side / 2 - 0.5
    y = -points[:, 1] / depth * focal + side / 2 - 0.5
    parts = np.stack([x, y, (depth - middle) * focal / middle], 1) * PRECISION
    return np.round(parts).clip(-32768, 32767).astype(np.int16)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--actors", type=Path, required=True)
    parser.add_argument("--frames", type=int, default=4800)
    parser.add_argument("--people", type=int, default=90)
    parser.add_argument("--demo", action="store_true", help="the demo's four people, to measure on")
    parser.add_argument("--first", type=int, default=0, help="number of the first frame")
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--samples", type=int, default=4)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--worker", default="1/1", help="this process of how many, such as 1/2")
    arguments = parser.parse_args()
    worker, workers = (int(part) for part in arguments.worker.split("/"))
    frames: Path = arguments.out / "frames"
    frames.mkdir(parents=True, exist_ok=True)
    sys.path.insert(0, str(arguments.actors.resolve()))
    ac = importlib.import_module("actors")
    people = make_people(arguments.people)
    specs = list(ac.ACTORS.values()) if arguments.demo else [person.spec for person in people]
    ac.DATA = str(data_folder(arguments.actors, arguments.out / "actors_data", people))  # type: ignore[attr-defined]
    model, started, made = ac.Model(), time.perf_counter(), 0
    scene, handles, surroundings = set_up(ac, arguments.side, arguments.samples, arguments.threads)
    numbers = range(arguments.first, arguments.first + arguments.frames)
    for group in range(numbers.start // EACH, -(-numbers.stop // EACH)):
        wanted = [n for n in numbers if n // EACH == group and not (frames / f"{n:05d}.npy").exists()]
        if group % workers != worker - 1 or not wanted:
            continue
        actor = enter(ac, scene, specs[group % len(specs)], model)
        surround(scene, surroundings[HDRIS[group * 5 % len(HDRIS)]])  # a change of them costs a new light map
        for number in wanted:
            moment, side = turned_moment(number)
            arrange(ac, handles, actor, moment, side)
            shoot(scene, frames / f"{number:05d}.png", seed=number)
            np.save(frames / f"{number:05d}.npy", seen(ac, scene, actor))
            made += 1
        print(f"{made} frames, {(time.perf_counter() - started) / made:.2f} s each", flush=True)


if __name__ == "__main__":
    main()
