"""A delivery holds the film's pictures, sound, colours, rate, rotation and time code, the mark and its credentials."""

import json
from collections.abc import Callable, Mapping
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

from ml_backend.delivery.deliver import Delivery, run_deliver
from ml_backend.errors import BackendError, Cancelled, UsageError
from ml_backend.folder_lock import hold
from ml_backend.media.source import open_source
from ml_backend.media.write import write_rgb, write_rgba
from ml_backend.progress import SilentReporter
from ml_backend.provenance.audit import entries
from ml_backend.provenance.credentials import Facts, read, read_list, sign_sequence
from ml_backend.provenance.credentials.reading import read_detached
from ml_backend.provenance.home import audit_file
from ml_backend.provenance.watermark import detect
from ml_backend.provenance.watermark.payload import payload_of
from ml_backend.swapping.manifest import MANIFEST, Consent, write_manifest

from .described_swap import describe

FRAMES = 12
_BT2020_NCL = 9  # of ISO/IEC 23091-2
Picture = np.ndarray


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ML_BACKEND_HOME", str(tmp_path / "home"))


@pytest.fixture(scope="module")
def pictures(footage: Path) -> list[Picture]:
    """The plate, a little larger."""
    frames = open_source(footage / "plate_A.mp4").frames(range(1, FRAMES + 1))
    return [cv2.resize(frame.image, (480, 480), interpolation=cv2.INTER_CUBIC) for frame in frames]


@pytest.fixture
def make_swap(tmp_path: Path, footage: Path) -> Callable[..., Path]:
    """What a finished swap says of itself, without its pictures."""

    def make(name: str = "swap", **changes: Any) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        write_manifest(folder, describe(footage, **changes))
        sign_sequence(folder, [], Facts(name, {}, "0" * 64), [MANIFEST])
        return folder

    return make


@pytest.fixture
def swap(make_swap: Callable[..., Path]) -> Path:
    return make_swap()


Film = Callable[..., Path]


@pytest.fixture
def film(pictures: list[Picture], tmp_path: Path) -> Film:
    """A rendered film with sound."""

    def film(
        name: str = "film.mp4",
        encoder: str = "libx264",
        pixels: str = "yuv420p",
        sound: str | None = "aac",
        rate: Fraction = Fraction(25),
        tags: tuple[int, int, int, int] | None = None,
        timecode: str | None = None,
        rotation: int = 0,
        options: Mapping[str, str] | None = None,
    ) -> Path:
        path = tmp_path / name
        with av.open(str(path), "w") as container:
            stream = container.add_stream(encoder, rate=rate)
            stream.height, stream.width = pictures[0].shape[:2]
            stream.pix_fmt = pixels
            stream.options = dict(options or ({"crf": "10"} if encoder.startswith("lib") else {}))
            context = stream.codec_context
            if tags:
                context.color_primaries, context.color_trc, context.colorspace, context.color_range = tags
            if rotation:
                stream.set_display_rotation(rotation)
            if timecode:
                container.metadata["timecode"] = timecode
            heard = container.add_stream(sound, rate=48000, layout="mono") if sound else None
            for number, picture in enumerate(pictures):
                rgb = av.VideoFrame.from_ndarray(picture, format="rgb24")
                frame = rgb.reformat(format=pixels, dst_colorspace=Colorspace.ITU709)
                frame.pts = number
                container.mux(stream.encode(frame))
                if heard is not None:
                    values = np.random.default_rng(number).normal(0, 3000, (1, 1920)).astype(np.int16)
                    noise = av.AudioFrame.from_ndarray(values, format="s16", layout="mono")
                    noise.sample_rate, noise.pts, noise.time_base = 48000, number * 1920, Fraction(1, 48000)
                    container.mux(heard.encode(noise))
            container.mux(stream.encode())
            if heard is not None:
                container.mux(heard.encode())
        return path

    return film


def deliver(source: Path, swap: Path | list[Path], out: Path, **changes: Any) -> dict[str, Any]:
    swaps = swap if isinstance(swap, list) else [swap]
    return run_deliver(Delivery(source, swaps, out, **changes), SilentReporter())


def payload(*swaps: Path) -> int:
    return payload_of([sha256((swap / "manifest.json").read_bytes()).hexdigest() for swap in swaps])


def shown(path: Path) -> list[Picture]:
    """The film's frames, 8 bit."""
    images = [frame.image for frame in open_source(path).frames()]
    return [image if image.dtype == np.uint8 else np.rint(image / 257).astype(np.uint8) for image in images]


def sound_of(path: Path) -> tuple[bytes, float]:
    """All sound data, and when it begins (seconds)."""
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(audio=0) if packet.size]
        return b"".join(map(bytes, packets)), float(packets[0].pts * packets[0].time_base)


def psnr(a: Picture, b: Picture) -> float:
    return float(10 * np.log10(255**2 / np.mean((a.astype(np.float64) - b) ** 2)))


@pytest.mark.parametrize(
    ("codec", "name", "decoder"),
    [("h264", "out.mp4", "h264"), ("h265", "out.mov", "hevc"), ("prores", "out.mov", "prores")],
)
def test_a_film(film: Film, swap: Path, tmp_path: Path, codec: Any, name: str, decoder: str) -> None:
    source, out = film(), tmp_path / "to" / name
    result = deliver(source, swap, out, codec=codec)
    before, after = shown(source), shown(out)
    assert len(after) == FRAMES
    assert min(psnr(a, b) for a, b in zip(before, after, strict=True)) > 40
    reading = detect(after[:4])
    assert reading.payload == payload(swap)
    assert result["watermark"] == f"{payload(swap):08x}"
    assert sound_of(out)[0] == sound_of(source)[0]
    assert sound_of(out)[1] == pytest.approx(sound_of(source)[1], abs=1e-3)
    with av.open(str(out)) as container:
        assert container.streams.video[0].codec_context.name == decoder
    assert [file.name for file in out.parent.iterdir()] == [name]


def test_a_film_has_its_credentials(film: Film, swap: Path, tmp_path: Path) -> None:
    source, out, again = film(), tmp_path / "out.mp4", tmp_path / "again.mov"
    result = deliver(source, swap, out)
    found = read(out)
    assert found.state == "valid"
    assert found.signer == result["signed_by"] != ""
    assert found.facts["people"] == {"identity_B": "d" * 64}
    assert found.facts["swaps"] == [sha256((swap / "manifest.json").read_bytes()).hexdigest()]
    assert found.facts["watermark"] == result["watermark"]
    assert found.facts["audit_head"] == list(entries(audit_file()))[-1]["sha256"]
    assert found.ingredients == ("plate_A.mp4",)
    deliver(out, swap, again, codec="h265")  # its history goes on
    assert read(again).state == "valid"
    assert read(again).ingredients == ("out.mp4", "plate_A.mp4")
    data = bytearray(out.read_bytes())
    data[len(data) // 2] ^= 1
    out.write_bytes(data)
    assert read(out).state == "changed"


def test_rate_tags_and_time_code(film: Film, swap: Path, tmp_path: Path) -> None:
    tags = (ColorPrimaries.BT2020, ColorTrc.SMPTE2084, _BT2020_NCL, ColorRange.MPEG)
    rate = Fraction(24000, 1001)
    source = film("hdr.mov", "libx265", "yuv420p10le", rate=rate, tags=tags, timecode="10:00:00:05")
    out = tmp_path / "out.mov"
    deliver(source, swap, out, codec="h265")
    with av.open(str(out)) as container:
        stream = container.streams.video[0]
        frame = next(container.decode(stream))
        assert stream.average_rate == rate
        assert stream.codec_context.codec_tag == "hvc1"
        assert frame.format.name == "yuv420p10le"
        assert (frame.color_primaries, frame.color_trc, frame.colorspace, frame.color_range) == tags
    assert open_source(out).info.timecode == "10:00:00:05"
    with pytest.raises(UsageError, match="HDR"):
        deliver(source, swap, tmp_path / "banded.mp4")


@pytest.mark.parametrize("rotation", [90, 180])
def test_rotation(film: Film, swap: Path, tmp_path: Path, rotation: int) -> None:
    source, out = film("phone.mov", rotation=rotation, sound="pcm_s16le"), tmp_path / "out.mp4"
    deliver(source, swap, out)
    with av.open(str(out)) as container:
        assert next(container.decode(video=0)).rotation % 360 == rotation
    after = shown(out)
    assert psnr(shown(source)[0], after[0]) > 38
    assert detect(after).payload == payload(swap)
    assert sound_of(out) == sound_of(source)


def test_full_range_stays_full(film: Film, swap: Path, tmp_path: Path) -> None:
    source = film("full.mp4", pixels="yuvj420p", sound=None)
    deliver(source, swap, tmp_path / "out.mp4", watermark=False)
    deliver(source, swap, tmp_path / "out.mov", codec="prores", watermark=False)
    for name in ("out.mp4", "out.mov"):
        difference = shown(tmp_path / name)[0].astype(float) - shown(source)[0]
        assert np.abs(difference).mean() < 2.5, name
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert next(container.decode(video=0)).color_range == ColorRange.JPEG


def test_times_that_stray_are_kept(pictures: list[Picture], swap: Path, tmp_path: Path) -> None:
    source, out = tmp_path / "variable.mp4", tmp_path / "out.mp4"
    times = [0, 1, 2, 6, 7, 8, 14, 15, 16, 17, 18, 19]
    with av.open(str(source), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for time, picture in zip(times, pictures, strict=True):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
            frame.pts = time
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    deliver(source, swap, out)
    with av.open(str(out)) as container:
        assert [round(frame.time * 25) for frame in container.decode(video=0)] == times


def test_without_a_mark(film: Film, swap: Path, tmp_path: Path) -> None:
    result = deliver(film(), swap, tmp_path / "out.mp4", watermark=False)
    assert result["watermark"] is None
    assert detect(shown(tmp_path / "out.mp4")).payload is None


def test_pictures_become_a_film(pictures: list[Picture], swap: Path, tmp_path: Path) -> None:
    folder = tmp_path / "render"
    for number, picture in enumerate(pictures[:4]):
        write_rgb(folder / f"shot.{1001 + number}.png", picture)
    out = tmp_path / "out.mp4"
    deliver(folder, swap, out)
    after = shown(out)
    assert len(after) == 4
    assert psnr(pictures[0], after[0]) > 36
    assert open_source(out).info.fps == 25  # the swap's plate has it
    assert detect(after).payload == payload(swap)
    deliver(folder / "shot.####.png", swap, tmp_path / "slow.mp4", fps=Fraction(12))
    assert open_source(tmp_path / "slow.mp4").info.fps == 12


@pytest.mark.parametrize("out", ["stills", "out.mp4"])
def test_alpha_that_is_lost_is_said(pictures: list[Picture], swap: Path, tmp_path: Path, out: str) -> None:
    folder, listener = tmp_path / "render", Listener()
    for number, picture in enumerate(pictures[:3]):
        alpha = np.full((*picture.shape[:2], 1), 128 if number else 255, np.uint8)
        write_rgba(folder / f"shot.{1001 + number}.png", np.concatenate([picture, alpha], 2))
    run_deliver(Delivery(folder, [swap], tmp_path / out), listener)
    assert [text for text in listener.messages if "render has alpha" in text and "opaque" in text]
    assert len([text for text in listener.messages if "alpha" in text]) == 1


@pytest.mark.parametrize("kind", ["png", "jpg"])
def test_a_folder_of_pictures(film: Film, swap: Path, tmp_path: Path, kind: Any) -> None:
    source, out = film(), tmp_path / "stills"
    deliver(source, swap, out, pictures=kind)
    names = sorted(file.name for file in out.glob(f"*.{kind}"))
    assert names == [f"{number:06d}.{kind}" for number in range(1, FRAMES + 1)]
    after = shown(out)
    assert psnr(shown(source)[5], after[5]) > 40
    assert all(detect(image).payload == payload(swap) for image in after[:3])
    listed = read_detached((out / "credentials.json").read_bytes(), (out / "credentials.c2pa").read_bytes())
    assert listed.state == "valid"
    assert read_list(out).frames == {name: sha256((out / name).read_bytes()).hexdigest() for name in names}
    assert {"credentials.json", "credentials.c2pa", *names} == {file.name for file in out.iterdir()}
    for name in names:  # each proves itself, wherever it goes
        assert (read(out / name).state, read(out / name).ingredients) == ("valid", ("plate_A.mp4",))


def test_several_swaps(film: Film, make_swap: Callable[..., Path], tmp_path: Path) -> None:
    consent = Consent(identity="identity_C", record_sha256="e" * 64, people={"identity_C": "e" * 64, "extra": "a" * 64})
    swaps = [make_swap("one"), make_swap("two", identity="identity_C", consent=consent)]
    deliver(film(), swaps, tmp_path / "out.mp4")
    assert detect(shown(tmp_path / "out.mp4")).payload == payload(*swaps)
    entry = list(entries(audit_file()))[-1]
    assert entry["action"] == "deliver"
    assert set(entry["people"]) == {"identity_B", "identity_C", "extra"}


def test_a_film_that_is_delivered_again_for_another_swap_names_both(
    film: Film, swap: Path, make_swap: Callable[..., Path], tmp_path: Path
) -> None:
    other = make_swap("other", identity="identity_C", consent=Consent(identity="identity_C", record_sha256="e" * 64))
    deliver(film(), swap, tmp_path / "first.mp4")
    again = Listener()
    run_deliver(Delivery(tmp_path / "first.mp4", [other], tmp_path / "again.mp4"), again)
    facts = read(tmp_path / "again.mp4").facts
    assert facts["people"] == {"identity_B": "d" * 64, "identity_C": "e" * 64}
    assert len(facts["swaps"]) == 2
    assert "has a mark already" in again.messages[0]
    assert detect(shown(tmp_path / "again.mp4")).payload == payload(swap), "two marks would be none"
    assert facts["watermark"] == f"{payload(swap):08x}"
    deliver(tmp_path / "again.mp4", other, tmp_path / "stills", pictures="jpg")
    still = read(tmp_path / "stills" / "000003.jpg")
    assert (still.state, still.facts["people"], len(still.facts["swaps"])) == ("valid", facts["people"], 2)
    assert still.ingredients == ("again.mp4", "plate_A.mp4")


class Listener(SilentReporter):
    def __init__(self) -> None:
        self.messages: list[str] = []

    def message(self, text: str) -> None:
        self.messages.append(text)


def test_comp_plates_are_never_marked(pictures: list[Picture], swap: Path, film: Film, tmp_path: Path) -> None:
    write_rgb(swap / "000001.png", pictures[0])
    for source in (swap, swap / "######.png", swap / "000001.png"):
        with pytest.raises(UsageError, match="never marked"):
            deliver(source, swap, tmp_path / "out.mp4")
    with pytest.raises(UsageError, match="never marked"):
        deliver(film(), swap, swap / "out.mp4")
    assert not (tmp_path / "out.mp4").exists()


def test_impossible_wishes(film: Film, swap: Path, tmp_path: Path) -> None:
    source = film()
    for out, changes, said in (
        (tmp_path / "out.mkv", {}, "no kind"),
        (source, {}, "film itself"),
        (tmp_path / "out.mp4", {"codec": "prores"}, "ProRes"),
        (tmp_path / "out.mp4", {"crf": 60}, "60"),
        (tmp_path / "stills", {"crf": 20}, "for films"),
        (tmp_path, {}, "exists already"),
    ):
        with pytest.raises(UsageError, match=said):
            deliver(source, swap, out, **changes)
    with pytest.raises(UsageError, match="which swaps"):
        deliver(source, [], tmp_path / "out.mp4")
    with pytest.raises(UsageError, match="no finished swap"):
        deliver(source, tmp_path, tmp_path / "out.mp4")


class _StopsAfter(SilentReporter):
    def __init__(self, frames: int) -> None:
        self.left = frames

    def stop_requested(self) -> bool:
        self.left -= 1
        return self.left < 0


@pytest.mark.parametrize("name", ["out.mp4", "stills"])
def test_a_stop_leaves_nothing(film: Film, swap: Path, tmp_path: Path, name: str) -> None:
    source = film()
    folder = tmp_path / "to"
    with pytest.raises(Cancelled):
        run_deliver(Delivery(source, [swap], folder / name), _StopsAfter(5))
    assert list(folder.iterdir()) == []
    assert list(entries(audit_file())) == []


@pytest.mark.parametrize("name", ["out.mp4", "stills"])
def test_what_a_killed_delivery_left_goes_with_the_next(film: Film, swap: Path, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "to"
    (folder / f".{name}.0123abcd.part").mkdir(parents=True)
    (folder / f".{name}.4567cdef.part").touch()
    (folder / ".other.mp4.89ab0123.part").touch()
    lock = folder / f".{name}.lock"
    with hold(lock, ""), pytest.raises(BackendError, match=r"If another delivery of .* runs"):
        deliver(film(), swap, folder / name)
    assert len(list(folder.iterdir())) == 4, "somebody writes them"
    deliver(film(), swap, folder / name)
    assert sorted(file.name for file in folder.iterdir()) == [".other.mp4.89ab0123.part", name]


def test_a_swap_that_was_changed_since_vouches_for_nothing(film: Film, swap: Path, tmp_path: Path) -> None:
    (swap / MANIFEST).write_bytes((swap / MANIFEST).read_bytes() + b" ")
    with pytest.raises(BackendError, match=r"cannot vouch for film\.mp4"):
        run_deliver(Delivery(film(), [swap], tmp_path / "out.mp4"), SilentReporter())
    assert not (tmp_path / "out.mp4").exists()


def test_an_older_delivery_stays_until_the_new_one_is_whole(film: Film, swap: Path, tmp_path: Path) -> None:
    source, out = film(), tmp_path / "out.mp4"
    deliver(source, swap, out, crf=40)
    old = out.read_bytes()
    with pytest.raises(Cancelled):
        run_deliver(Delivery(source, [swap], out), _StopsAfter(5))
    assert out.read_bytes() == old
    deliver(source, swap, out)
    assert out.read_bytes() != old


def test_the_command(film: Film, swap: Path, tmp_path: Path, run_backend: Callable[..., Any]) -> None:
    out = tmp_path / "out.mp4"
    done = run_backend("deliver", film(), "--swap", swap, "--out", out, "--crf", "20", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["frames"] == FRAMES
    assert result["watermark"] == f"{payload(swap):08x}"
    assert out.is_file()
    refused = run_backend("deliver", swap, "--swap", swap, "--out", tmp_path / "other.mp4")
    assert refused.returncode == 2
    assert "never marked" in refused.stderr
