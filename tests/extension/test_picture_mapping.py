"""Points over the preview and pixels of a strip's picture; tests/blender/test_pointing.py compares with Blender."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blender_deepfake.core.errors import UsageError
from blender_deepfake.core.picture_mapping import Placement, View

sizes = st.integers(1, 5000)
offsets = st.floats(-3000, 3000)
scales = st.floats(0.05, 20) | st.floats(-20, -0.05)
shares = st.floats(-1, 2)


@st.composite
def placements(draw: st.DrawFn, frame: tuple[int, int]) -> Placement:
    return Placement(
        *(draw(sizes), draw(sizes), *frame),
        *(draw(offsets), draw(offsets), draw(scales), draw(scales), draw(st.floats(-7, 7)), draw(shares), draw(shares)),
        *(draw(st.booleans()), draw(st.booleans())),
    )


@st.composite
def views(draw: st.DrawFn) -> View:
    """A strip in up to two meta strips: the picture of a meta strip is as large as the frame."""
    frame = draw(sizes), draw(sizes)
    metas = [draw(placements(frame)) for _ in range(draw(st.integers(0, 2)))]
    metas = [Placement(*frame, *frame, m.offset_x, m.offset_y, m.scale_x, m.scale_y, m.rotation) for m in metas]
    return View((draw(placements(frame)), *metas), draw(st.floats(0.5, 2)))


@given(views(), st.floats(-100, 5000), st.floats(-100, 5000))
def test_there_and_back(view: View, x: float, y: float) -> None:
    back = view.to_picture(view.to_preview((x, y)))
    assert back == pytest.approx((x, y), abs=1e-3)


def test_corners_of_a_plain_picture() -> None:
    """The preview's y goes up, the picture's down, and a pixel's centre is a whole number."""
    view = View((Placement(200, 100, 400, 300),))
    assert view.to_preview((-0.5, -0.5)) == (-100, 50)
    assert view.to_preview((199.5, 99.5)) == (100, -50)
    assert view.to_picture((0, 0)) == (99.5, 49.5)
    assert view.shows((0, 0))
    assert view.shows((199, 99))
    assert not view.shows((200, 50))
    assert not view.shows((10, -1))


def test_transform_pixel_aspect_and_mirror() -> None:
    turned = View((Placement(200, 100, 400, 300, offset_x=10, rotation=math.pi / 2),))
    assert turned.to_preview((199.5, 49.5)) == pytest.approx((10, 100)), "the right edge points up"
    wide = View((Placement(200, 100, 400, 300),), aspect=2.0)
    assert wide.to_preview((199.5, 49.5)) == (200, 0)
    mirrored = View((Placement(200, 100, 400, 300, offset_x=30, flip_x=True),))
    assert mirrored.to_preview((-0.5, 49.5)) == (70, 0), "the frame is mirrored with the offset in it"


def test_a_picture_scaled_to_nothing_is_told() -> None:
    with pytest.raises(UsageError, match="scaled to nothing"):
        View((Placement(10, 10, 20, 20, scale_y=0.0),)).to_picture((0, 0))
