"""EXR pictures: every compression, layers, parts, windows, attributes, and what is damaged. OpenEXR is the judge."""

import struct
from fractions import Fraction
from pathlib import Path

import numpy as np
import OpenEXR
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_backend.errors import BackendError, UsageError
from ml_backend.media.exr import encode_exr, read_exr

COMPRESSIONS = {
    "none": OpenEXR.NO_COMPRESSION,
    "rle": OpenEXR.RLE_COMPRESSION,
    "zips": OpenEXR.ZIPS_COMPRESSION,
    "zip": OpenEXR.ZIP_COMPRESSION,
    "piz": OpenEXR.PIZ_COMPRESSION,
    "dwaa": OpenEXR.DWAA_COMPRESSION,
}


def picture(kind: type = np.float16, size: tuple[int, int] = (40, 30)) -> np.ndarray:
    """H×W×3 light from below 0 to 16."""
    width, height = size
    noise = np.random.default_rng(0).random((height, width, 3))
    return (noise**4 * 16.5 - 0.5).astype(kind)


def save(path: Path, channels: dict[str, np.ndarray], **header: object) -> Path:
    named = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage, **header}
    OpenEXR.File(named, {name: np.ascontiguousarray(values) for name, values in channels.items()}).write(str(path))
    return path


def layer(image: np.ndarray, prefix: str = "") -> dict[str, np.ndarray]:
    return {f"{prefix}{name}": image[:, :, place] for place, name in enumerate("RGB")}


def box(x: int, y: int, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    return np.array([x, y], np.int32), np.array([x + width - 1, y + height - 1], np.int32)


@pytest.mark.parametrize("kind", [np.float16, np.float32])
@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_compressions(compression: str, kind: type, tmp_path: Path) -> None:
    image = picture(kind)
    read = read_exr(save(tmp_path / "a.exr", layer(image), compression=COMPRESSIONS[compression])).rgb()
    assert read.dtype == np.float32
    if compression == "dwaa":
        assert np.abs(read - image).max() < 0.6  # lossy by design
        assert np.corrcoef(read.ravel(), image.astype(np.float32).ravel())[0, 1] > 0.999
    else:
        assert np.array_equal(read, image.astype(np.float32))


def test_tiles(tmp_path: Path) -> None:
    header = {"type": OpenEXR.tiledimage, "tiles": OpenEXR.TileDescription()}
    image = picture()
    assert np.array_equal(read_exr(save(tmp_path / "a.exr", layer(image), **header)).rgb(), image.astype(np.float32))


def test_alpha_and_other_layers_are_left_aside(tmp_path: Path) -> None:
    image = picture()
    others = {"A": image[:, :, 0], "Z": image[:, :, 1].astype(np.float32), "id": np.ones((30, 40), np.uint32)}
    path = save(tmp_path / "a.exr", {**layer(image * 0, "diffuse."), **others, **layer(image)})
    assert np.array_equal(read_exr(path).rgb(), image.astype(np.float32))
    assert read_exr(path).channels.keys() >= {"A", "Z", "R", "diffuse.G"}


@pytest.mark.parametrize("name", ["", "View.Combined."])
def test_the_alpha_of_the_picture(name: str, tmp_path: Path) -> None:
    image = picture()
    alphas = {f"{name}A": image[:, :, 0], "diffuse.A": image[:, :, 1]}
    found = read_exr(save(tmp_path / "a.exr", {**layer(image, name), **layer(image, "diffuse."), **alphas})).alpha()
    assert np.array_equal(found, image[:, :, 0].astype(np.float32))
    assert read_exr(save(tmp_path / "b.exr", {**layer(image, name), "diffuse.A": image[:, :, 1]})).alpha() is None


def test_the_layer_that_programs_call_the_picture(tmp_path: Path) -> None:
    image = picture()
    path = save(tmp_path / "a.exr", {**layer(image * 0, "View.Diffuse."), **layer(image, "View.Combined.")})
    assert np.array_equal(read_exr(path).rgb(), image.astype(np.float32))


@pytest.mark.parametrize("names", [("depth", "diffuse", "beauty"), ("depth", "rgba", "beauty"), ("depth", "x", "y")])
def test_parts(names: tuple[str, ...], tmp_path: Path) -> None:
    image = picture()
    main = "beauty" if "beauty" in names and "rgba" not in names else "rgba" if "rgba" in names else "x"
    parts = [OpenEXR.Part({"type": OpenEXR.scanlineimage}, {"Z": np.ones((30, 40), np.float32)}, names[0])]
    for name in names[1:]:
        pixels = {k: np.ascontiguousarray(v) for k, v in layer(image if name == main else image * 0).items()}
        parts.append(OpenEXR.Part({"type": OpenEXR.scanlineimage}, pixels, name))
    OpenEXR.File(parts).write(str(tmp_path / "a.exr"))
    read = read_exr(tmp_path / "a.exr")
    assert [part.name for part in read.parts] == list(names)
    assert np.array_equal(read.rgb(), image.astype(np.float32))


@pytest.mark.parametrize("name", ["Y", "matte"])
def test_grey(name: str, tmp_path: Path) -> None:
    image = picture()
    read = read_exr(save(tmp_path / "a.exr", {name: image[:, :, 0]})).rgb()
    assert np.array_equal(read, image[:, :, [0, 0, 0]].astype(np.float32))


def test_a_file_without_a_colour_picture(tmp_path: Path) -> None:
    path = save(tmp_path / "a.exr", {"Z": picture()[:, :, 0], "id": picture()[:, :, 1]})
    with pytest.raises(BackendError, match="only Z, id"):
        read_exr(path).rgb()


def test_chroma_of_a_lower_resolution(tmp_path: Path) -> None:
    """The library cannot write such files, so the header's sampling is changed by hand."""
    path = save(tmp_path / "a.exr", dict.fromkeys(("BY", "RY", "Y"), picture()[:, :, 0]))
    half, every, second = struct.pack("<iI", 1, 0), struct.pack("<ii", 1, 1), struct.pack("<ii", 2, 2)
    content = path.read_bytes()
    changed = content.replace(b"RY\0" + half + every, b"RY\0" + half + second)
    assert changed != content
    path.write_bytes(changed)
    with pytest.raises(BackendError, match="chroma at a lower resolution"):
        read_exr(path)


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        ((0, 0, 40, 30), (0, 0, 40, 30)),
        ((-5, -3, 40, 30), (0, 0, 30, 20)),
        ((7, 4, 40, 30), (0, 0, 100, 50)),
        ((10, 10, 40, 30), (20, 5, 20, 60)),
        ((200, 0, 40, 30), (0, 0, 50, 50)),
        ((100, 50, 40, 30), (100, 50, 40, 30)),
    ],
)
def test_windows(data: tuple[int, int, int, int], shown: tuple[int, int, int, int], tmp_path: Path) -> None:
    image = picture()
    read = read_exr(save(tmp_path / "a.exr", layer(image), dataWindow=box(*data), displayWindow=box(*shown))).rgb()
    expected = np.zeros((500, 500, 3), np.float32)
    expected[100 + data[1] : 100 + data[1] + 30, 100 + data[0] : 100 + data[0] + 40] = image
    assert np.array_equal(
        read, expected[100 + shown[1] : 100 + shown[1] + shown[3], 100 + shown[0] : 100 + shown[0] + shown[2]]
    )


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_cut_files_are_named(compression: str, tmp_path: Path) -> None:
    data = save(tmp_path / "whole.exr", layer(picture()), compression=COMPRESSIONS[compression]).read_bytes()
    path = tmp_path / "cut.exr"
    for length in [*range(1, len(data), len(data) // 60), len(data) - 1]:
        path.write_bytes(data[:length])
        with pytest.raises(BackendError, match=r"cut\.exr is cut off or damaged"):
            read_exr(path)


def test_a_cut_part_does_not_give_its_place_to_the_next(tmp_path: Path) -> None:
    image = picture(np.float32)
    pixels = {name: np.ascontiguousarray(values) for name, values in layer(image).items()}
    parts = [OpenEXR.Part({"type": OpenEXR.scanlineimage}, pixels, name) for name in ("one", "two")]
    OpenEXR.File(parts).write(str(tmp_path / "a.exr"))
    data = (tmp_path / "a.exr").read_bytes()
    (tmp_path / "a.exr").write_bytes(data[:-10])
    with pytest.raises(BackendError, match="damaged"):
        read_exr(tmp_path / "a.exr")


@settings(max_examples=150, deadline=None)
@given(data=st.data(), compression=st.sampled_from(["zip", "piz", "dwaa", "none"]))
def test_flipped_bits_never_crash(
    data: st.DataObject, compression: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Headers above all. In pixels that ZIP has compressed a flipped bit is always found."""
    folder = tmp_path_factory.mktemp("flipped")
    image = picture(size=(6, 5)).repeat(8, axis=0).repeat(8, axis=1)
    path = save(folder / "a.exr", layer(image), compression=COMPRESSIONS[compression])
    content = bytearray(path.read_bytes())
    place = data.draw(st.one_of(st.integers(0, 400), st.integers(0, len(content) - 1)))
    content[place] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)
    try:
        read = read_exr(path).rgb()
    except BackendError:
        return
    if compression == "zip" and place > 500:
        assert np.array_equal(read, image.astype(np.float32))


@pytest.mark.parametrize("content", [b"", b"v/1\x01", b"no picture at all"])
def test_what_is_no_exr(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.exr").write_bytes(content)
    with pytest.raises(BackendError, match=r"a\.exr"):
        read_exr(tmp_path / "a.exr")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        read_exr(tmp_path / "a.exr")


def written(path: Path, data: bytes) -> OpenEXR.Part:
    path.write_bytes(data)
    parts = OpenEXR.File(str(path), separate_channels=True).parts
    assert len(parts) == 1
    return parts[0]


def test_layers_come_back_exactly(tmp_path: Path) -> None:
    names = ("R", "G", "B", "A", "raw.R", "mask.Y", "occlusion.Y", "uv.U")
    values = dict(zip(names, np.random.default_rng(0).random((8, 30, 40), np.float32), strict=True))
    part = written(tmp_path / "a.exr", encode_exr(values, full=("uv.U",)))
    assert set(part.channels) == set(names)
    for name in names:
        kind = np.float32 if name == "uv.U" else np.float16
        assert part.channels[name].pixels.dtype == kind
        assert np.array_equal(part.channels[name].pixels, values[name].astype(kind))
    again = read_exr(tmp_path / "a.exr")
    assert np.array_equal(again.channels["uv.U"], values["uv.U"])


@given(values=st.lists(st.floats(width=32, allow_nan=False), min_size=6, max_size=6), half=st.booleans())
def test_any_number(values: list[float], half: bool, tmp_path_factory: pytest.TempPathFactory) -> None:
    array = np.array(values, np.float32).reshape(2, 3)
    part = written(tmp_path_factory.mktemp("any") / "a.exr", encode_exr({"Y": array}, half=half))
    expected = array.clip(-65504, 65504).astype(np.float16) if half else array
    assert np.array_equal(part.channels["Y"].pixels, expected)


def test_windows_and_attributes(tmp_path: Path) -> None:
    attributes = {
        "timeCode": "01:02:03;14",
        "framesPerSecond": Fraction(24000, 1001),
        "chromaticities": (0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.3127, 0.329),
        "software": "Deepfake Sequencer",
        "deepfake/frame": 1001,
        "deepfake/confidence": 0.5,
    }
    face = np.random.default_rng(0).random((20, 30), np.float32)
    data = encode_exr(
        {"Y": face}, half=False, data_window=(100, 50, 30, 20), display=(0, 0, 200, 90), attributes=attributes
    )
    header = written(tmp_path / "a.exr", data).header
    assert [list(map(int, corner)) for corner in header["dataWindow"]] == [[100, 50], [129, 69]]
    assert [list(map(int, corner)) for corner in header["displayWindow"]] == [[0, 0], [199, 89]]
    assert header["framesPerSecond"] == Fraction(24000, 1001)
    assert header["chromaticities"] == pytest.approx(attributes["chromaticities"])
    assert header["software"] == "Deepfake Sequencer"
    assert (header["deepfake/frame"], header["deepfake/confidence"]) == (1001, 0.5)
    read = read_exr(tmp_path / "a.exr")
    assert (read.width, read.height, read.timecode) == (200, 90, "01:02:03;14")
    assert np.array_equal(read.channels["Y"][50:70, 100:130], face)
    assert read.channels["Y"].sum() == pytest.approx(face.sum(), rel=1e-5)


def test_a_time_code_that_does_not_fit_is_left_out(tmp_path: Path) -> None:
    data = encode_exr({"Y": np.zeros((2, 2), np.float32)}, attributes={"timeCode": "01:00:00:59"})
    assert "timeCode" not in written(tmp_path / "a.exr", data).header


def test_the_same_input_gives_the_same_bytes() -> None:
    values = dict(zip("RGBA", np.random.default_rng(0).random((4, 200, 300), np.float32), strict=True))
    attributes = {"timeCode": "01:02:03:04", "framesPerSecond": Fraction(25)}
    assert encode_exr(values, attributes=attributes) == encode_exr(dict(values), attributes=attributes)


@pytest.mark.parametrize(
    ("channels", "window"),
    [({}, None), ({"R": np.zeros((2, 3), np.float32)}, (0, 0, 2, 3)), ({"R": np.zeros((0, 3), np.float32)}, None)],
)
def test_what_cannot_be_written(channels: dict[str, np.ndarray], window: tuple[int, int, int, int] | None) -> None:
    with pytest.raises(UsageError):
        encode_exr(channels, data_window=window)
