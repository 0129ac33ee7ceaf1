"""A clip as make_clip.py renders it, but the camera goes around the head, from one profile to the other and back.

    /opt/envs/bpy50/bin/python scripts/bench/turning_clip.py --actors DIR --who A --other B --mode A --out FRAMES …

Run in a Python with bpy 5.0, numpy<2, scipy, pillow and opencv-python-headless. DIR holds the synthetic actors. Takes
make_clip.py's options; the performance is the same, and yaw to the camera follows a sine of 95°.
"""

import argparse
import importlib
import math
import sys
from pathlib import Path

FURTHEST = 95.0  # degrees of yaw to the camera
MODES = ("A", "gt_face")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--actors", type=Path, required=True)
    parser.add_argument("--who", default="A")
    parser.add_argument("--other", default="B", help="whose face it is in the mode gt_face")
    parser.add_argument("--mode", choices=MODES, default="A")
    parser.add_argument("--perf", type=int, default=1)
    parser.add_argument("--frames", type=int, default=90)
    parser.add_argument("--res", type=int, default=256)
    parser.add_argument("--spp", type=int, default=12)
    parser.add_argument("--hdri", default="interior")
    parser.add_argument("--out", type=Path, required=True)
    a = parser.parse_args()
    sys.path.insert(0, str(a.actors.resolve()))
    ac, clip = importlib.import_module("actors"), importlib.import_module("make_clip")
    scene, handles = ac.setup(a.res, a.spp, hdri=a.hdri)
    head, face = ac.ACTORS[a.who], ac.ACTORS[a.other if a.mode == "gt_face" else a.who]
    actor = ac.Actor(ac.Model(), head, face, scene)
    a.out.mkdir(parents=True, exist_ok=True)
    pose, expressions = clip.performance(a.perf, a.frames)
    for k, expression in enumerate(expressions):
        scene.cycles.seed = k
        side = pose["yaw"][k] - FURTHEST * math.sin(2 * math.pi * k / a.frames)
        actor.set(expression, pose["yaw"][k], pose["pitch"][k], pose["roll"][k])
        ac.apply_cam(handles, az=side)
        azimuth = pose["key_az"][k] + side / 2
        height, energy = pose["key_el"][k], pose["key_e"][k]
        ac.apply_light(handles, azimuth, height, energy, pose["env"][k], pose["env_s"][k])
        ac.render(scene, str(a.out / f"{k:04d}.png"), str(a.out / f"{k:04d}_mask.png"))


if __name__ == "__main__":
    main()
