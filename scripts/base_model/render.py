"""Render the data set of the base model: people who do not exist, several of them in every moment.

    /opt/envs/bpy50/bin/python scripts/base_model/render.py OUT --actors DIR [--worker 1/2]

Run in a Python with bpy 5.0, numpy<2, scipy, pillow and opencv-python-headless. DIR holds the synthetic actors
(actors.py and data/). Writes OUT/frames/MMMM_PPPP.png (RGB, 8 bits, sRGB) and a line for each in OUT/frames-W.jsonl
with the person, the moment and the 68 true landmarks; frames that have their line already are not rendered again.
Rounds of moments are rendered one after another, so that what is there at any time is a smaller whole data set.
"""

import argparse
import importlib
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from base_model.moments import HDRIS, Moment, make_moment, turned
from base_model.people import Person, data_folder, make_people

ROUNDS = 5
WORLDS = Path("datafiles", "studiolights", "world")  # in Blender's own folder


def cast(moments: int, people: int, each: int, seed: int = 1) -> dict[int, list[int]]:
    """Who is in which moment: `each` people in every one, all of them equally often within a round."""
    chance = np.random.default_rng((seed, 2))
    roles: dict[int, list[int]] = {}
    waiting: list[int] = []
    for moment in range(moments):
        if len(waiting) < each:
            rest = [int(person) for person in chance.permutation(people) if person not in waiting]
            waiting += rest
        roles[moment], waiting = waiting[:each], waiting[each:]
    return roles


def known_frames(out: Path) -> set[str]:
    """The names of the frames that are rendered; a torn last line does not count."""
    known = set()
    for file in out.glob("frames-*.jsonl"):
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.endswith("}}"):
                known.add(json.loads(line)["frame"])
    return known


def set_up(ac: ModuleType, side: int, samples: int, threads: int) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """The scene, the handles to its light and camera, and the surroundings by name."""
    scene, handles = ac.setup(side, samples, hdri=HDRIS[0])
    scene.render.threads_mode, scene.render.threads = "FIXED", threads
    scene.render.dither_intensity = 0
    cycles = scene.cycles  # what costs time and cannot be seen at this size
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces, cycles.transparent_max_bounces = 2, 1, 1, 6
    cycles.use_light_tree, cycles.denoising_quality = False, "FAST"
    settings = scene.render.image_settings
    settings.media_type, settings.file_format, settings.color_mode, settings.color_depth = "IMAGE", "PNG", "RGB", "8"
    folder = Path(bpy.utils.resource_path("LOCAL")) / WORLDS
    pictures = {name: bpy.data.images.load(str(folder / f"{name}.exr"), check_existing=True) for name in HDRIS}
    return scene, handles, pictures


def surround(scene: Any, picture: Any) -> None:
    node = next(node for node in scene.world.node_tree.nodes if node.bl_idname == "ShaderNodeTexEnvironment")
    if node.image != picture:
        node.image = picture


def arrange(ac: ModuleType, handles: dict[str, Any], actor: Any, moment: Moment) -> None:
    """Pose, light and camera of a moment."""
    actor.set(moment.expression, moment.yaw, moment.pitch, moment.roll)
    middle = ac.zup(actor.P[ac.LM68[17:]]).mean(0)
    target = (float(middle[0]) + moment.aim[0], float(middle[1]) + 1, float(middle[2]) - 1.5 + moment.aim[1])
    height = target[2] + moment.height
    ac.apply_cam(handles, moment.distance, moment.azimuth, height, moment.lens, target)
    light(ac, handles, moment, moment.key_azimuth)


def light(ac: ModuleType, handles: dict[str, Any], moment: Moment, azimuth: float) -> None:
    """The surroundings and the lamp of a moment; azimuth: where the lamp stands, in degrees."""
    ac.apply_light(
        handles,
        azimuth,
        moment.key_elevation,
        moment.key_energy,
        moment.env_turn,
        moment.env_strength,
        moment.key_size,
        moment.key_colour,
    )


def shoot(scene: Any, picture: Path, seed: int) -> None:
    """Render one frame; it appears whole under its name."""
    scene.cycles.seed = seed
    temporary = picture.with_name(f"{picture.stem}.part.png")
    scene.render.filepath = str(temporary)
    with quiet():
        bpy.ops.render.render(write_still=True)
    temporary.replace(picture)


def enter(ac: ModuleType, scene: Any, spec: dict[str, Any], model: Any) -> Any:
    """An actor of this spec, alone on the scene."""
    for holder in (bpy.data.objects, bpy.data.meshes, bpy.data.materials):
        for thing in [thing for thing in holder if thing.name.split(".")[0] not in ("cam", "key")]:
            holder.remove(thing)
    for image in [image for image in bpy.data.images if image.name.startswith("skin_")]:
        bpy.data.images.remove(image)
    return ac.Actor(model, spec, spec, scene)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Blender's own lines for every frame off the log."""
    sys.stdout.flush()
    terminal, nothing = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    try:
        yield
    finally:
        os.dup2(terminal, 1)
        os.close(terminal)
        os.close(nothing)


def plan(
    moments: int, people: Sequence[Person], each: int, worker: int, workers: int
) -> Iterator[tuple[Person, list[int]]]:
    """This worker's people and the moments of each, round after round."""
    roles = cast(moments, len(people), each)
    for numbers in np.array_split(np.arange(moments), ROUNDS):
        for index, person in enumerate(people):
            if index % workers == worker:
                yield person, [int(number) for number in numbers if index in roles[int(number)]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--actors", type=Path, required=True)
    parser.add_argument("--people", type=int, default=60)
    parser.add_argument("--moments", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1, help="another one: other moments")
    parser.add_argument("--each", type=int, default=6, help="people in every moment")
    parser.add_argument("--side", type=int, default=192)
    parser.add_argument("--samples", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--worker", default="1/1", help="this process of how many, such as 1/2")
    parser.add_argument("--limit", type=int, default=0, help="stop after so many frames")
    arguments = parser.parse_args()
    worker, workers = (int(part) for part in arguments.worker.split("/"))
    out: Path = arguments.out
    (out / "frames").mkdir(parents=True, exist_ok=True)
    sys.path.insert(0, str(arguments.actors.resolve()))
    ac = importlib.import_module("actors")
    people = make_people(arguments.people)
    ac.DATA = str(data_folder(arguments.actors, out / "actors_data", people))  # type: ignore[attr-defined]
    known, model = known_frames(out), ac.Model()
    scene, handles, surroundings = set_up(ac, arguments.side, arguments.samples, arguments.threads)
    started, made = time.perf_counter(), 0
    with (out / f"frames-{worker}.jsonl").open("a", encoding="utf-8") as lines:
        for person, numbers in plan(arguments.moments, people, arguments.each, worker - 1, workers):
            wanted = [number for number in numbers if f"{number:04d}_{person.name}" not in known]
            if not wanted:
                continue
            actor = enter(ac, scene, person.spec, model)
            # moments with the same surroundings after one another: a change of them costs a new light map
            moments = [turned(make_moment(number, arguments.seed)) for number in wanted]
            for moment in sorted(moments, key=lambda moment: moment.hdri):
                name = f"{moment.number:04d}_{person.name}"
                surround(scene, surroundings[moment.hdri])
                arrange(ac, handles, actor, moment)
                shoot(scene, out / "frames" / f"{name}.png", seed=moment.number)
                points = ac.landmarks(scene, actor).round(2).tolist()
                line = {"frame": name, "landmarks68": points, "person": asdict(person), "moment": asdict(moment)}
                lines.write(json.dumps(line) + "\n")
                lines.flush()
                made += 1
                if made == arguments.limit:
                    break
            print(f"{made} frames, {(time.perf_counter() - started) / made:.2f} s each", flush=True)
            if made == arguments.limit:
                return


if __name__ == "__main__":
    main()
