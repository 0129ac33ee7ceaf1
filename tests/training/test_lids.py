"""Faces that are learned a second time with their lids drawn shut."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ml_backend.faces.alignment import FACE
from ml_backend.faces.expression import measure_expression
from ml_backend.faces.landmarks import open_landmarker
from ml_backend.faces.regions import LEFT_EYE, RIGHT_EYE, fill
from ml_backend.faces.roi import roi_of_landmarks
from ml_backend.facesets.store import Faceset
from ml_backend.swapping.making import scale_of
from ml_backend.training.data import load_faces, split_held_out
from ml_backend.training.data.known import know
from ml_backend.training.data.lids import choose_blinks, draw_lids
from ml_backend.training.models.checkpoints import list_checkpoints

from .conftest import Train

CPU = torch.device("cpu")
BROWS = [46, 53, 52, 65, 55, 285, 295, 282, 283, 276]
Points = NDArray[np.float64]
LOWER = [163, 144, 145, 153, 154, 381, 380, 374, 373, 390]


@pytest.fixture(scope="module")
def faceset(facesets: dict[str, Path]) -> Faceset:
    return Faceset.open(facesets["identity_B"])


@pytest.fixture(scope="module")
def points(faceset: Faceset) -> Points:
    """A face with open eyes, 478×2, in a picture of 384×384."""
    face = max(faceset.faces(), key=lambda one: measure_expression(one.landmarks).eye_left)
    points: Points = (face.crop_landmarks + 0.5) * 4 - 0.5
    return points


def test_drawn_lids_are_seen_as_shut(faceset: Faceset) -> None:
    """By the landmark network, as the gap between the lids."""
    landmarker, gaps = open_landmarker(), []
    face = max(faceset.faces(), key=lambda one: measure_expression(one.landmarks).eye_left)
    points = np.column_stack([face.crop_landmarks, face.landmarks[:, 2] * scale_of(face.matrix)])
    for closed in (0, 0.5, 1):
        found, scores = landmarker.settle(draw_lids(face.read_crop(), points, closed), [roi_of_landmarks(points)])
        assert scores[0] > 0.5, "it is still a face"
        expression = measure_expression(found[0])
        gaps.append(expression.eye_left + expression.eye_right)
    assert gaps[1] < 0.9 * gaps[0]
    assert gaps[2] < 0.6 * gaps[0]


def test_no_eye_is_left_and_nothing_else_is_touched(points: Points) -> None:
    eyes = fill((384, 384), points[LEFT_EYE], points[RIGHT_EYE])
    picture = np.random.default_rng(1).integers(1, 90, (384, 384, 3)).astype(np.uint8)
    picture[eyes > 0] = 255
    shut = draw_lids(picture, points, 1)
    assert np.array_equal(draw_lids(picture, points, 0), picture)
    assert (shut[eyes > 0.99] == 255).mean() < 0.2, "the rims of the lids"
    beside = np.ones((384, 384), bool)
    beside[int(points[BROWS, 1].min()) : int(points[LOWER, 1].max()) + 2] = False
    changed = (shut != picture).any(2)
    assert changed.any()
    assert not changed[beside].any()


def test_skin_comes_down_to_the_lower_lid(points: Points) -> None:
    """In a picture of heights: at the lower lid lies what the upper one was."""
    heights = np.arange(384, dtype=np.uint16)[:, None, None].repeat(384, 1).repeat(3, 2) * 100
    shut = draw_lids(heights, points, 1)
    for upper, lower in ((159, 145), (386, 374)):
        x, y = points[lower]
        assert y - points[upper, 1] > 5
        assert shut[int(y), round(float(x)), 0] / 100 == pytest.approx(points[upper, 1], abs=1.5)


@given(st.floats(0, 1), st.integers(0, 2**31))
@settings(max_examples=60, deadline=None)
def test_open_eyes_are_chosen_evenly(part: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    poses, eyes = random.uniform(-90, 90, (60, 2)), random.uniform(0, 1.1, 60)
    blinks = choose_blinks(poses, eyes, part)
    suited = (eyes >= 0.6) & (np.abs(poses[:, 0]) <= 50)
    assert len(blinks.faces) == len(set(blinks.faces.tolist())) == round(part * suited.sum())
    assert suited[blinks.faces].all()
    steps = np.diff(np.searchsorted(np.flatnonzero(suited), blinks.faces))
    assert not steps.size or steps.max() - steps.min() <= 1
    assert ((blinks.closed > 0) & (blinks.closed <= 1)).all()
    again = choose_blinks(poses, eyes, part)
    assert np.array_equal(blinks.closed, again.closed)


def test_they_come_behind_all_others(faceset: Faceset) -> None:
    plain, more = (load_faces(faceset, 32, FACE.side, CPU, blinks=part) for part in (0.0, 1.0))
    assert more.places is not None
    known = know(faceset)
    again = choose_blinks(known.poses, known.eyes, 1.0)
    assert len(again.faces) > 3
    assert len(more) == len(plain) + len(again.faces)
    assert torch.equal(more.planes[: len(plain)], plain.planes)
    drawn, before = more.planes[len(plain) :], plain.planes[torch.from_numpy(again.faces)]
    assert torch.equal(drawn[:, 3:], before[:, 3:]), "the masks are the same"
    assert (drawn[:, :3] != before[:, :3]).any(dim=(1, 2, 3)).all()
    assert more.places[len(plain) :].tolist() == np.asarray(plain.places)[again.faces].tolist()


def test_a_training_draws_as_many_as_it_is_told(train: Train, tmp_path: Path) -> None:
    def weights(name: str, **settings: str) -> bytes:
        train(model=tmp_path / name, iterations=2, settings={f"augmentation.{key}": v for key, v in settings.items()})
        return (list_checkpoints(tmp_path / name)[-1] / "ema.safetensors").read_bytes()

    usual = weights("usual")
    assert weights("as usual", blinks="0.2") == usual
    assert weights("none", blinks="0") != usual
    assert weights("all", blinks="1") != usual


def test_a_kept_file_of_planes_has_them_too(facesets: dict[str, Path], tmp_path: Path) -> None:
    faceset = Faceset.open(Path(shutil.copytree(facesets["identity_B"], tmp_path / "faces")))
    in_memory, in_file = (load_faces(faceset, 32, FACE.side, CPU, budget, blinks=0.5) for budget in (None, 0))
    assert torch.equal(in_memory.planes, in_file.planes)
    assert not torch.equal(load_faces(faceset, 32, FACE.side, CPU, 0).planes[-1], in_file.planes[-1])


def test_nothing_drawn_is_measured_nor_learned_where_the_face_itself_is_held_out(faceset: Faceset) -> None:
    faces = load_faces(faceset, 32, FACE.side, CPU, blinks=1.0)
    assert faces.drawn is not None
    assert faces.spread(3).tolist() == [0, 4, 7], "of the eight that were filmed"
    kept, held = split_held_out(faces, 0.5, 1)
    for side in (kept, held):
        assert side.drawn is not None
        assert side.places is not None
    assert not held.drawn.any()
    assert kept.drawn.any()
    assert (len(held), len(kept.filmed)) == (4, 4)
    assert not {tuple(place) for place in held.places.tolist()} & {tuple(place) for place in kept.places.tolist()}
