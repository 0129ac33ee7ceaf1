"""The invented people whom the base model learns from, and the skins that are mixed for them.

Nobody of the demo is among them: its people's seeds and skins are held out, so that the demo tests the base honestly.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

HELD_OUT_SEEDS = (5, 6, 9, 11)  # of the actors A, C, B and D
HELD_OUT_SKINS = ("cm", "mcm")  # of the actors A and B
SKINS = ("am", "asf", "asm", "cf", "oam", "yaf")
HAIRS = (None, "bob02", "long01", "ponytail01", "short01", "short02", "short03", "short04")
HAIR_TINTS = ((0.55, 0.42, 0.32), (0.25, 0.2, 0.18), (0.9, 0.75, 0.5), (0.8, 0.45, 0.25), (0.12, 0.1, 0.1), (1, 1, 1))
IRISES = ((0.1, 0.22, 0.3), (0.08, 0.04, 0.02), (0.06, 0.12, 0.05), (0.14, 0.09, 0.04), (0.12, 0.13, 0.14))
FIRST_SEED = 1000


@dataclass(frozen=True)
class Person:
    """name: of the files; spec: what the actors' code asks for; mixture: how much of which skin; tint: of its RGB."""

    name: str
    spec: dict[str, Any]
    mixture: tuple[tuple[str, float], ...]
    tint: tuple[float, float, float]


def make_people(count: int, seed: int = 1) -> list[Person]:
    """The first `count` people; more of them do not change these."""
    people = [_person(number, np.random.default_rng((seed, number))) for number in range(count)]
    seeds = {person.spec["seed"] for person in people}
    skins = {skin for person in people for skin, _ in person.mixture}
    assert not seeds & set(HELD_OUT_SEEDS)
    assert not skins & set(HELD_OUT_SKINS)
    return people


def _person(number: int, chance: np.random.Generator) -> Person:
    first, second = chance.permutation(len(SKINS))[:2]
    part = 1.0 if chance.random() < 0.3 else float(chance.uniform(0.4, 1))
    tone = chance.uniform(0.75, 1.15)  # darker and lighter skins, and redder and yellower ones
    tint = tone * np.exp(chance.normal(0, 0.05, 3))
    spec = {
        "seed": FIRST_SEED + number,
        "gain": round(float(chance.uniform(0.9, 1.4)), 3),
        "skin": f"mixed{number:03d}",
        "hair": HAIRS[int(chance.integers(len(HAIRS)))],
        "hair_tint": HAIR_TINTS[int(chance.integers(len(HAIR_TINTS)))],
        "iris": tuple(float(v) for v in np.array(IRISES[int(chance.integers(len(IRISES)))]) * chance.uniform(0.7, 1.4)),
        "cloth": tuple(float(v) for v in chance.uniform(0.01, 0.2, 3)),
    }
    mixture = ((SKINS[first], part), (SKINS[second], 1 - part))
    return Person(f"p{number:03d}", spec, mixture, (float(tint[0]), float(tint[1]), float(tint[2])))


def data_folder(actors: Path, folder: Path, people: Sequence[Person]) -> Path:
    """A folder that looks like the actors' data to their code, with these people's skins in it too."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in (actors / "data").iterdir():
        link = folder / file.name
        if not link.exists():
            try:
                link.symlink_to(file.resolve())
            except FileExistsError:  # another process was faster
                continue
    for person in people:
        for part in ("face", "back"):
            target = folder / f"skin_{person.spec['skin']}_{part}.jpg"
            if not target.exists():
                temporary = target.with_suffix(f".{os.getpid()}.jpg")
                cv2.imwrite(str(temporary), _skin(actors / "data", person, part), [cv2.IMWRITE_JPEG_QUALITY, 93])
                temporary.replace(target)
    return folder


def _skin(data: Path, person: Person, part: str) -> np.ndarray:
    """H×W×3 BGR uint8: the skins mixed and tinted. All skins lie on the head in the same way."""
    mixed: np.ndarray | None = None
    for skin, weight in person.mixture:
        picture = cv2.imread(str(data / f"skin_{skin}_{part}.jpg")).astype(np.float32) / 255
        if mixed is not None and picture.shape != mixed.shape:
            picture = cv2.resize(picture, mixed.shape[1::-1], interpolation=cv2.INTER_AREA)
        linear = weight * picture**2.2
        mixed = linear if mixed is None else mixed + linear
    assert mixed is not None
    tinted: np.ndarray = (mixed * np.array(person.tint[::-1], np.float32)).clip(0, 1) ** (1 / 2.2)
    return np.round(tinted * 255).astype(np.uint8)
