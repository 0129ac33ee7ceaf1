"""TEST over a made face: in every layer, in every crop, at every depth."""

import numpy as np
import pytest

from ml_backend.media.colour import LINEAR
from ml_backend.swapping.layer import combine, flatten, full_frame
from ml_backend.swapping.layer_file import LayerFormat, encode
from ml_backend.swapping.painting import Painted
from ml_backend.swapping.slate import burn


def face(height: int = 160, width: int = 120, opacity: float = 1.0, grey: float = 0.5) -> Painted:
    y, x = np.mgrid[:height, :width]
    inside = ((x - width / 2) / (width / 2.4)) ** 2 + ((y - height / 2) / (height / 2.4)) ** 2 < 1
    alpha = np.where(inside, opacity, 0).astype(np.float32)
    colour = np.full((height, width, 3), grey, np.float32)
    layers = {"raw": colour.copy(), "mask": inside.astype(np.float32)}
    return Painted(slice(20, 20 + height), slice(30, 30 + width), colour, alpha, layers)


@pytest.mark.parametrize("size", [(160, 120), (40, 30), (900, 700), (30, 200)])
@pytest.mark.parametrize("opacity", [1.0, 0.05])
def test_the_word_is_large_and_as_opaque_as_can_be(size: tuple[int, int], opacity: float) -> None:
    made = burn(face(*size, opacity=opacity))
    white = (made.colour.min(2) > 0.9) & (made.alpha > 0.9)
    black = (made.colour.max(2) < 0.1) & (made.alpha > 0.9)
    rows, columns = np.nonzero(white | black)
    assert np.ptp(columns) > 0.5 * 0.8 * min(size[1], 3 * size[0]) * 0.8
    assert white.sum() > 0.01 * size[0] * size[1]
    assert black.sum() > 0.01 * size[0] * size[1]
    middle = (size[0] / 2, size[1] / 2)
    assert abs(rows.mean() - middle[0]) < 0.15 * size[0]
    assert abs(columns.mean() - middle[1]) < 0.15 * size[1]


def test_no_layer_is_without_it_even_where_the_face_is_not_shown() -> None:
    made = burn(face(opacity=0.0))
    plain = face(opacity=0.0)
    assert made.alpha.max() == 1
    assert np.abs(made.layers["raw"] - plain.layers["raw"]).max() > 0.4
    assert made.layers["mask"].min() == plain.layers["mask"].min() == 0


def test_every_face_has_its_own_and_a_frame_without_a_face_has_none() -> None:
    near, far = face(), face()
    far = Painted(slice(200, 360), slice(300, 420), far.colour, far.alpha, far.layers)
    both = combine([burn(near), burn(far)]).rgba
    for part in (both[:150, :110], both[170:, 270:]):
        assert ((part[..., :3].min(2) > 0.9) & (part[..., 3] > 0.9)).any()
    nothing = Painted(slice(0, 5), slice(0, 5), np.zeros((5, 5, 3), np.float32), np.zeros((5, 5), np.float32), {})
    assert burn(nothing) is nothing


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_it_is_seen_in_the_edit(kind: type[np.unsignedinteger]) -> None:
    plate = np.full((240, 200, 3), np.iinfo(kind).max // 2, kind)
    shown = flatten(plate, full_frame(combine([burn(face())]), plate))
    assert shown.max() > 0.95 * np.iinfo(kind).max
    assert shown.min() < 0.05 * np.iinfo(kind).max


def test_it_is_in_cropped_files_of_every_kind() -> None:
    layer = combine([burn(face())])
    for kind in ("png8", "png16", "exr"):
        how = LayerFormat(kind, True, kind == "exr", 200, 240, LINEAR)
        plain, marked = (encode(one, how, layer.window) for one in (combine([face()]), layer))
        assert plain != marked
