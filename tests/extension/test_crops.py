"""A cropped frame lies where its pixels lie in the whole picture, however the strip is placed."""

import math

from hypothesis import given
from hypothesis import strategies as st

from blender_deepfake.core import crops
from blender_deepfake.core.crops import Crop, Window
from blender_deepfake.core.picture_mapping import Placement

sizes = st.integers(1, 400)
scales = st.floats(0.1, 4).flatmap(lambda size: st.sampled_from([size, -size]))
shares = st.floats(0, 1)
placements = st.builds(
    Placement,
    sizes,
    sizes,
    sizes,
    sizes,
    st.floats(-500, 500),
    st.floats(-500, 500),
    scales,
    scales,
    st.floats(-math.pi, math.pi),
    shares,
    shares,
    st.booleans(),
    st.booleans(),
)


@st.composite
def placed_windows(draw: st.DrawFn) -> tuple[Placement, Window]:
    picture = draw(placements)
    x, y = draw(st.integers(0, picture.width - 1)), draw(st.integers(0, picture.height - 1))
    width, height = draw(st.integers(1, picture.width - x)), draw(st.integers(1, picture.height - y))
    return picture, Window(x, y, width, height)


@given(placed_windows(), shares, shares)
def test_every_point_stays_where_it_is(placed: tuple[Placement, Window], across: float, up: float) -> None:
    picture, window = placed
    offset = crops.offset(picture, window)
    part = Placement(
        window.width,
        window.height,
        picture.frame_width,
        picture.frame_height,
        *offset,
        picture.scale_x,
        picture.scale_y,
        picture.rotation,
        picture.origin_x,
        picture.origin_y,
        picture.flip_x,
        picture.flip_y,
    )
    inside = across * window.width, up * window.height
    below = picture.height - window.y - window.height
    there, here = picture.to_frame((window.x + inside[0], below + inside[1])), part.to_frame(inside)
    assert math.dist(there, here) < 1e-6 * 4000


@given(placed_windows())
def test_the_whole_picture_keeps_its_offset(placed: tuple[Placement, Window]) -> None:
    picture, _ = placed
    offset = crops.offset(picture, Window(0, 0, picture.width, picture.height))
    assert math.dist(offset, (picture.offset_x, picture.offset_y)) < 1e-9 * 4000


def test_plain_offsets_are_whole_pixels() -> None:
    assert crops.offset(Placement(384, 384, 384, 384), Window(100, 20, 64, 32)) == (-60.0, 156.0)
    assert crops.offset(Placement(161, 97, 320, 241), Window(0, 0, 10, 10)) == (-76.0, 44.0)


@given(placed_windows(), st.data())
def test_a_crop_of_the_window_hides_what_that_of_the_picture_hides(
    placed: tuple[Placement, Window], data: st.DataObject
) -> None:
    picture, window = placed
    up_to = st.integers(0, max(picture.width, picture.height))
    whole = Crop(*(data.draw(up_to) for _ in range(4)))
    cut = crops.crop((picture.width, picture.height), whole, window)
    columns = set(range(whole.left, picture.width - whole.right))
    rows = set(range(whole.top, picture.height - whole.bottom))
    assert set(range(window.x + cut.left, window.x + window.width - cut.right)) == columns & set(
        range(window.x, window.x + window.width)
    )
    assert set(range(window.y + cut.top, window.y + window.height - cut.bottom)) == rows & set(
        range(window.y, window.y + window.height)
    )
