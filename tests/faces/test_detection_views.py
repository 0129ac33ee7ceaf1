"""Where the detector looks: every face must lie whole in a view that sees it large enough."""

import numpy as np
import pytest

from ml_backend.errors import UsageError
from ml_backend.faces.detection_canvas import draw, turn_back
from ml_backend.faces.detection_views import LARGEST, LEAST, TILE, SmallestFace, View, finer, whole

FRAMES = [(1280, 720), (1920, 1080), (1080, 1920), (3840, 2160), (7680, 4320), (641, 2999), (10000, 300)]


def plan(width, height, smallest):
    first = whole(width, height, min(480, max(width, height)))
    return [[first], *finer(width, height, smallest, first)]


@pytest.mark.parametrize("size", FRAMES)
@pytest.mark.parametrize("smallest", [12, 40])
def test_every_face_is_whole_in_a_view_that_sees_it_large_enough(size, smallest):
    rng = np.random.default_rng(11)
    scales = plan(*size, smallest)
    for _ in range(300):
        side = smallest * (min(size) / smallest) ** rng.random()
        low = rng.uniform(0, np.array(size) - side)
        box = np.concatenate([low, low + side])
        seen = [
            (box.reshape(2, 2) - [view.left, view.top]) * view.scale
            for views in scales
            for view in views
            if view.left <= box[0]
            and view.top <= box[1]
            and view.right >= box[2]
            and view.bottom >= box[3]
            and view.answers_for(((box.reshape(2, 2) - [view.left, view.top]) * view.scale).reshape(1, 4))[0]
        ]
        assert max(corners[1].max() - corners[0].max() for corners in seen) > 0
        assert max((corners[1] - corners[0]).min() for corners in seen) > 0.97 * LEAST


@pytest.mark.parametrize("size", FRAMES)
def test_views_of_one_scale_have_one_bounded_size_and_lie_in_the_picture(size):
    for views in plan(*size, 12):
        assert len({(view.width, view.height) for view in views}) == 1
        for view in views:
            assert max(view.width, view.height) <= TILE
            assert 0 <= view.left < view.right <= size[0]
            assert 0 <= view.top < view.bottom <= size[1]
            # the same scale in both directions, as far as whole pixels allow
            assert np.abs(view.scale / view.scale.mean() - 1).max() < 0.02 + 1 / min(view.width, view.height)


def test_what_a_tile_cuts_or_sees_too_large_is_left_to_another():
    view = View(100, 0, 200, 100, 400, 400, cut=(True, False, True, False))
    boxes = [[10, 0, 60, 50], [4, 0, 54, 50], [344, 0, 394, 50], [346, 0, 396, 50], [100, 0, 100 + LARGEST + 1, 50.0]]
    assert view.answers_for(np.array(boxes)).tolist() == [True, False, True, False, False]
    assert view.answers_for(np.zeros((0, 4))).tolist() == []
    assert View(0, 0, 100, 100, 400, 400).answers_for(np.array([[-9, 0, 399, 400.0]])).all()
    coarse = View(0, 0, 100, 100, 400, 400, least=50)
    assert coarse.answers_for(np.array([[-9, 0, 30, 40], [-9, 0, 50, 40.0]])).tolist() == [False, True]


def test_nothing_finer_than_needed():
    assert len(plan(640, 480, 24)) == 1
    assert len(plan(1920, 1080, 20)) == 2
    assert len(plan(7680, 4320, 16)) == 3


def test_the_smallest_face_is_the_larger_bound():
    assert SmallestFace(20, 0.02).side(720) == 20
    assert SmallestFace(20, 0.02).side(2160) == pytest.approx(43.2)
    assert SmallestFace(20, 0).side(4320) == 20


@pytest.mark.parametrize("wrong", [{"pixels": 3}, {"pixels": float("nan")}, {"of_height": -0.1}, {"of_height": 2}])
def test_a_smallest_face_that_cannot_be_is_refused(wrong):
    with pytest.raises(UsageError):
        SmallestFace(**wrong)


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_places_on_a_turned_canvas_are_turned_back(quarters):
    canvas = np.arange(4 * 6).reshape(4, 6)
    turned = np.rot90(canvas, quarters)
    for y, x in np.ndindex(turned.shape):
        back = turn_back(np.array([x + 0.5, y + 0.5]), quarters, 6, 4) - 0.5
        assert canvas[int(back[1]), int(back[0])] == turned[y, x]


def test_a_canvas_holds_the_view_and_is_lifted_only_where_it_is_dark():
    image = np.zeros((100, 200, 3), np.uint8)
    image[:, 100:] = 200
    bright, dark = View(100, 0, 200, 100, 50, 50), View(0, 0, 100, 100, 50, 50)
    assert draw(image, bright).shape == (64, 64, 3)
    assert draw(image, bright)[:50, :50].min() == draw(image, bright).max() == 200
    assert draw(image, bright)[50:].max() == draw(image, bright)[:, 50:].max() == 0
    image[50:, :100] = 16
    assert draw(image, dark)[40, 20].tolist() == [128, 128, 128]
    deep = image.astype(np.uint16) * 257
    np.testing.assert_allclose(draw(deep, dark), draw(image, dark), atol=1e-3)
    np.testing.assert_allclose(draw(deep, bright), draw(image, bright), atol=1e-3)
