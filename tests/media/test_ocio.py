"""Plates in colour spaces of OpenColorIO: its own configuration and a studio's."""

import builtins
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ml_backend.errors import BackendError, UsageError
from ml_backend.media.choose_colour import choose_colour
from ml_backend.media.chromaticities import chromaticities_of, colourspace_of
from ml_backend.media.colour import LightColour
from ml_backend.media.exr import encode_exr
from ml_backend.media.ocio import ocio_colour
from ml_backend.media.source import open_source
from ml_backend.requests import Plate

light = arrays.arrays(np.float32, (3, 4, 3), elements=st.floats(-65504, 65504, width=32))
codes = arrays.arrays(np.float32, (3, 4, 3), elements=st.floats(0, 1, width=32))

STUDIO = """\
ocio_profile_version: 2
roles:
  default: raw
  aces_interchange: aces
file_rules:
  - !<Rule> {name: Default, colorspace: default}
displays:
  screen:
    - !<View> {name: raw, colorspace: raw}
colorspaces:
  - !<ColorSpace>
    name: raw
    isdata: true
  - !<ColorSpace>
    name: aces
  - !<ColorSpace>
    name: half aces
    aliases: [halved]
    to_scene_reference: !<MatrixTransform> {matrix: [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1]}
  - !<ColorSpace>
    name: flat
    to_scene_reference: !<MatrixTransform> {matrix: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]}
"""


@pytest.mark.parametrize("space", ["ACEScg", "ACES2065-1", "Linear Rec.2020", "scene_linear"])
@settings(max_examples=25, deadline=None)
@given(stored=light)
def test_linear_spaces_come_back(space: str, stored: np.ndarray) -> None:
    colour = ocio_colour(space)
    back = colour.from_display(*colour.to_display(stored))
    assert np.all(np.abs(back - stored) <= 2 * np.spacing(np.maximum(np.abs(stored), np.float32(1))))


@pytest.mark.parametrize("space", ["ACEScct", "ACEScc", "srgb_tx"])
@settings(max_examples=25, deadline=None)
@given(stored=codes)
def test_encoded_spaces_come_back(space: str, stored: np.ndarray) -> None:
    """To a step of 12 bit at worst: black in one channel beside the brightest light in another."""
    colour = ocio_colour(space)
    grey = np.repeat(stored[:, :, :1] * np.float32(0.7) + np.float32(0.1), 3, axis=2)
    assert np.abs(colour.from_display(*colour.to_display(grey)) - grey).max() < 2e-6
    usual = stored * np.float32(0.3) + np.float32(0.25)
    assert np.abs(colour.from_display(*colour.to_display(usual)) - usual).max() < 1e-4


def test_acescg_by_the_published_matrix() -> None:
    colour = ocio_colour("ACEScg")
    assert colour.name == "ACEScg"
    known = [1.70505, -0.13026, -0.02400]
    assert colour.gamut.to_rec709(np.array([[[1, 0, 0]]], np.float32))[0, 0] == pytest.approx(known, abs=1e-4)
    grey = colour.to_display(np.full((1, 1, 3), 0.18, np.float32)).picture
    assert grey[0, 0] == pytest.approx([0.46136] * 3, abs=1e-4)


def test_the_same_space_with_and_without_opencolorio() -> None:
    stored = np.random.default_rng(0).normal(0.3, 1, (5, 6, 3)).astype(np.float32)
    builtin, known = ocio_colour("Linear Rec.709 (sRGB)"), choose_colour("Linear Rec.709")
    assert isinstance(known, LightColour)
    assert np.array_equal(builtin.to_display(stored).picture, known.to_display(stored).picture)


@pytest.mark.parametrize(
    ("space", "near"), [("ACEScgg", "ACEScg"), ("linear rec 2020", "Linear Rec.2020"), ("PQ BT2020", "PQ BT.2020")]
)
def test_an_unknown_space_lists_near_names(space: str, near: str) -> None:
    with pytest.raises(UsageError, match=f"no colour space {space}") as caught:
        ocio_colour(space)
    assert near in caught.value.fix


def test_nothing_near_lists_what_there_is() -> None:
    with pytest.raises(UsageError) as caught:
        ocio_colour("1234567890")
    assert "ACEScg" in caught.value.fix
    assert "Linear Rec.709" in caught.value.fix


def test_data_is_no_colour() -> None:
    with pytest.raises(UsageError, match=r"Raw of .* is no colour"):
        ocio_colour("Raw")


def studio(folder: Path, content: str = STUDIO) -> Path:
    path = folder / "studio.ocio"
    path.write_text(content)
    return path


def test_a_studios_configuration(tmp_path: Path) -> None:
    config = studio(tmp_path)
    colour, whole = ocio_colour("halved", config), ocio_colour("ACES2065-1")
    assert colour.name == "half aces"
    stored = np.random.default_rng(0).random((5, 6, 3)).astype(np.float32)
    assert np.allclose(colour.to_display(stored).picture, whole.to_display(stored * 2).picture, atol=1e-6)
    assert np.allclose(colour.from_display(*colour.to_display(stored)), stored, atol=1e-6)


def test_a_studios_name_keeps_its_chromaticities(tmp_path: Path) -> None:
    """They are known by the colours, not by the name; those of another space are not made up."""
    acescg = "0.6954522, 0.1406787, 0.1638691, 0, 0.0447946, 0.8596711, 0.0955343, 0, -0.0055259, 0.0040252, 1.0015007"
    space = f"    to_scene_reference: !<MatrixTransform> {{matrix: [{acescg}, 0, 0, 0, 0, 1]}}\n"
    config = studio(tmp_path, f"{STUDIO}  - !<ColorSpace>\n    name: ACES - ACEScg\n{space}")
    assert chromaticities_of(ocio_colour("ACES - ACEScg", config)) == chromaticities_of(ocio_colour("ACEScg"))
    found = chromaticities_of(ocio_colour("aces", config))
    assert found is not None
    assert colourspace_of(found) == "ACES2065-1"
    assert chromaticities_of(ocio_colour("half aces", config)) is None


def test_a_space_that_cannot_be_undone(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot turn flat"):
        ocio_colour("flat", studio(tmp_path))


def test_a_configuration_that_says_nothing_of_rec709(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="aces_interchange"):
        ocio_colour("half aces", studio(tmp_path, STUDIO.replace("  aces_interchange: aces\n", "")))


@pytest.mark.parametrize("content", ["", "not: [a, configuration", STUDIO.replace("2\n", "9\n", 1)])
def test_a_damaged_configuration(content: str, tmp_path: Path) -> None:
    with pytest.raises(BackendError, match=r"studio\.ocio"):
        ocio_colour("aces", studio(tmp_path, content))


def test_a_missing_configuration(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"studio\.ocio does not exist"):
        ocio_colour("aces", tmp_path / "studio.ocio")


def test_opencolorio_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *others: Any) -> Any:
        if name == "PyOpenColorIO":
            raise ImportError(name)
        return real(name, *others)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError, match=r"ACEScg needs OpenColorIO") as caught:
        ocio_colour("ACEScg")
    assert "[ocio]" in caught.value.fix


def test_a_plate_names_its_space(tmp_path: Path) -> None:
    stored = np.random.default_rng(0).random((6, 8, 3)).astype(np.float32) * 4
    (tmp_path / "a.0001.exr").write_bytes(
        encode_exr(dict(zip("RGB", np.moveaxis(stored, 2, 0), strict=True)), half=False)
    )
    studio(tmp_path)
    (tmp_path / "plate.json").write_text('{"source": "a.####.exr", "colourspace": "half aces", "ocio": "studio.ocio"}')
    source = open_source(tmp_path / "plate.json")
    assert source.info.colour == source.colour.name == "half aces"
    frame = next(source.frames())
    assert np.array_equal(frame.stored, stored)
    assert np.abs(frame.image - source.colour.to_display(stored).picture * 65535).max() <= 1.5
    plate = Plate(source=str(tmp_path / "a.####.exr"), colourspace="ACEScg")
    assert open_source(plate).info.colour == "ACEScg"
    assert open_source(plate, colourspace="Linear Rec.709").info.colour == "Linear Rec.709"
    assert open_source(tmp_path / "a.0001.exr", colourspace="acescg").info.colour == "ACEScg"


def test_a_changed_configuration_is_another_version(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    one, same = ocio_colour("halved", studio(tmp_path)), ocio_colour("halved", studio(tmp_path))
    other = ocio_colour("halved", studio(tmp_path / "other", STUDIO.replace("[2, 0", "[4, 0")))
    assert one.name == other.name
    assert one.version == same.version != other.version
