"""Broken, odd and wrong files: an error that helps, never fewer or other frames than the film has."""

import os
import stat
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from ml_backend.errors import BackendError, UsageError
from ml_backend.media.source import open_source

MakeClip = Callable[..., Path]
FASTSTART = {"movflags": "faststart"}


def cut(path: Path, target: Path, bytes_left: int) -> Path:
    target.write_bytes(path.read_bytes()[:bytes_left])
    return target


def packets(path: Path) -> list[tuple[int, int, int]]:
    """(pts, position, size) of each packet, in decoding order."""
    with av.open(str(path)) as film:
        return [(packet.pts, packet.pos, packet.size) for packet in film.demux(video=0) if packet.size]


def test_a_missing_file_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"gone\.mp4 does not exist"):
        open_source(tmp_path / "gone.mp4")


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(BackendError, match=r"empty\.mp4 is empty \(0 bytes\)"):
        open_source(tmp_path / "empty.mp4")


@pytest.mark.parametrize(
    "content", [b"\0" * 5000, b"just text\n" * 50, os.urandom(5000)], ids=["zeros", "text", "noise"]
)
@pytest.mark.parametrize("name", ["film.mp4", "film.txt"])
def test_what_is_not_a_movie(content: bytes, name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BackendError, match=name) as caught:
        open_source(tmp_path / name)
    assert caught.value.fix


def test_a_playlist_does_not_open_other_files(tmp_path: Path, make_clip: MakeClip) -> None:
    playlist = tmp_path / "list.m3u8"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1.6,\n{make_clip('clip.ts')}\n#EXT-X-ENDLIST\n")
    with pytest.raises(BackendError, match=r"list\.m3u8"):
        open_source(playlist)


def sound_file(path: Path) -> Path:
    with av.open(str(path), "w") as output:
        stream = output.add_stream("aac", rate=48000)
        for place in range(20):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 48000, place * 1024
            output.mux(stream.encode(frame))
        output.mux(stream.encode())
    return path


@pytest.mark.parametrize("name", ["sound.m4a", "sound.mp4", "sound.mkv"])
def test_only_sound(name: str, tmp_path: Path) -> None:
    with pytest.raises(BackendError, match=f"{name} has only sound"):
        open_source(sound_file(tmp_path / name))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no permission bits to take away")
def test_no_permission() -> None:
    folder = Path(tempfile.mkdtemp())
    film, pictures = folder / "film.mp4", folder / "pictures"
    film.write_bytes(b"x")
    pictures.mkdir()
    film.chmod(0)
    pictures.chmod(0)
    folder.chmod(0o755)
    root = os.geteuid() == 0
    try:
        if root:
            os.seteuid(65534)
        for path in (film, pictures, pictures / "shot.####.png"):
            with pytest.raises(BackendError, match="no permission"):
                open_source(path)
    finally:
        if root:
            os.seteuid(0)
        pictures.chmod(stat.S_IRWXU)
        film.unlink()
        pictures.rmdir()
        folder.rmdir()


def test_a_film_without_its_index(make_clip: MakeClip, tmp_path: Path) -> None:
    whole = make_clip()
    with pytest.raises(BackendError, match="not a readable movie"):
        open_source(cut(whole, tmp_path / "unfinished.mp4", whole.stat().st_size // 2))


@pytest.mark.parametrize("inside", [0, 1, -1], ids=["between frames", "one byte in", "one byte short"])
@pytest.mark.parametrize("kept", [2, 15, 39])
def test_a_film_cut_off_behind_its_index(kept: int, inside: int, make_clip: MakeClip, tmp_path: Path) -> None:
    whole = make_clip("film.mov", codec="mjpeg", pixels="yuvj420p", container=FASTSTART)
    _, position, size = packets(whole)[kept]
    path = cut(whole, tmp_path / "cut.mov", position + (size - 1 if inside < 0 else inside))
    with pytest.raises(BackendError, match=rf"cut\.mov is cut off.* {kept} of its 40 frames") as caught:
        open_source(path)
    assert f"1-{kept}" in caught.value.fix
    with pytest.raises(BackendError, match="cut off"):
        open_source(path, frames="2-")
    with pytest.raises(BackendError, match="cut off"):
        open_source(path, frames=f"1-{kept + 1}")
    assert len(list(open_source(path, frames=f"1-{kept}").frames())) == kept


@pytest.mark.parametrize(
    "film",
    [
        {"name": "film.mp4", "container": FASTSTART},
        {"name": "film.mp4", "container": {"movflags": "frag_keyframe+empty_moov"}},
        {"name": "film.mkv"},
        {"name": "film.webm", "codec": "libvpx-vp9"},
        {"name": "film.ts"},
        {"name": "film.flv"},
        {"name": "h264.avi"},
        {"name": "film.avi", "codec": "mjpeg", "pixels": "yuvj420p"},
        {"name": "film.gif", "codec": "gif", "pixels": "rgb8"},
    ],
)
def test_a_cut_film_gives_only_right_frames(
    film: dict[str, Any],
    make_clip: MakeClip,
    full_decode: Callable[[Path], list[np.ndarray]],
    tmp_path: Path,
) -> None:
    whole = make_clip(**film, options={"g": "10"})
    expected = full_decode(whole)
    path = cut(whole, tmp_path / whole.name, whole.stat().st_size * 3 // 4 + 1)
    with pytest.raises(BackendError, match="cut off") as caught:
        open_source(path)
    readable = int(caught.value.fix.split("1-")[1].rstrip("."))
    assert 0 < readable < 40
    frames = list(open_source(path, frames=f"1-{readable}").frames())
    assert len(frames) == readable
    assert all(np.array_equal(frame.image, expected[frame.number - 1]) for frame in frames)


@pytest.mark.parametrize("kept", [4, 20, 200])
def test_a_fragmented_film_cut_in_a_fragment_head(kept: int, make_clip: MakeClip, tmp_path: Path) -> None:
    whole = make_clip(options={"g": "10"}, container={"movflags": "frag_keyframe+empty_moov"})
    last_fragment = whole.read_bytes().rindex(b"moof") - 4
    with pytest.raises(BackendError, match="cut off"):
        open_source(cut(whole, tmp_path / "cut.mp4", last_fragment + kept))


def damaged(path: Path, target: Path, place: int) -> Path:
    """A copy with noise in the data of the packet at `place` in decoding order."""
    data = bytearray(path.read_bytes())
    _, position, size = packets(path)[place]
    noise = np.random.default_rng(5).integers(0, 256, size - 6, dtype=np.uint8)
    data[position + 6 : position + size] = noise.tobytes()
    target.write_bytes(data)
    return target


@pytest.mark.parametrize(
    "film",
    [
        {"name": "h264.mp4"},
        {"name": "prores.mov", "codec": "prores_ks", "pixels": "yuv422p10le"},
        {"name": "mpeg4.mp4", "codec": "mpeg4"},
        {"name": "vp9.webm", "codec": "libvpx-vp9"},
    ],
)
@pytest.mark.parametrize("place", [0, 10, 20])
def test_damage_is_an_error_at_its_frame(film: dict[str, Any], place: int, make_clip: MakeClip, tmp_path: Path) -> None:
    whole = make_clip(**film, options={"g": "10", "bf": "0"}, size=(128, 96))
    whole_frames = {frame.number: frame.image for frame in open_source(whole).frames()}
    path = damaged(whole, tmp_path / whole.name, place)
    seen = []
    source = open_source(path)
    with pytest.raises(BackendError, match=rf"Frame {place + 1} of .*{whole.name} is damaged"):
        seen.extend(source.frames())
    assert [frame.number for frame in seen] == list(range(1, place + 1))
    assert all(np.array_equal(frame.image, whole_frames[frame.number]) for frame in seen)
    with pytest.raises(BackendError, match=f"Frame {place + 1} "):
        next(source.frames([place + 1]))
    after = list(open_source(path, frames="31-").frames())
    assert all(np.array_equal(frame.image, whole_frames[frame.number]) for frame in after)


def test_damage_in_a_matroska_file_never_shortens_it(make_clip: MakeClip, tmp_path: Path) -> None:
    whole = make_clip("film.mkv", options={"g": "10"})
    data = bytearray(whole.read_bytes())
    _, position, _ = packets(whole)[10]
    data[position - 8 : position + 40] = b"\x55" * 48
    (tmp_path / "film.mkv").write_bytes(data)
    with pytest.raises(BackendError, match=r"film\.mkv"):
        list(open_source(tmp_path / "film.mkv").frames())


def test_a_film_that_starts_in_the_middle_of_a_group(make_clip: MakeClip, tmp_path: Path) -> None:
    whole = make_clip("film.ts", options={"g": "10", "bf": "0"})
    expected = {frame.number: frame.image for frame in open_source(whole).frames()}
    start = packets(whole)[6][1]
    (tmp_path / "middle.ts").write_bytes(whole.read_bytes()[: 188 * 3] + whole.read_bytes()[start:])
    source = open_source(tmp_path / "middle.ts")
    with pytest.raises(BackendError, match=r"Frame 1 of .*middle\.ts") as caught:
        next(source.frames())
    assert caught.value.fix.endswith("--frames 5-.")
    frames = list(open_source(tmp_path / "middle.ts", frames="5-").frames())
    assert len(frames) == 30
    assert all(np.array_equal(frame.image, expected[frame.number + 6]) for frame in frames)


@pytest.mark.parametrize("claim", [0, 7, 4000])
def test_the_true_count_counts(claim: int, make_clip: MakeClip, tmp_path: Path) -> None:
    data = bytearray(make_clip("film.avi", codec="mjpeg", pixels="yuvj420p").read_bytes())
    header = data.index(b"strh") + 8 + 32
    data[header : header + 4] = claim.to_bytes(4, "little")
    (tmp_path / "film.avi").write_bytes(data)
    source = open_source(tmp_path / "film.avi")
    assert source.info.count == 40
    assert len(list(source.frames())) == 40


def test_a_film_that_changes_its_size(tmp_path: Path, make_clip: MakeClip) -> None:
    small, large = make_clip("a.h264", count=5), make_clip("b.h264", count=5, size=(96, 64))
    (tmp_path / "both.h264").write_bytes(small.read_bytes() + large.read_bytes())
    source = open_source(tmp_path / "both.h264")
    seen = []
    with pytest.raises(BackendError, match=r"Frame 6 of .*both\.h264 is 96×64, the frames before are 64×48"):
        seen.extend(source.frames())
    assert len(seen) == 5
