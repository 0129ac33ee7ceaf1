"""Small real films and pictures, made once a session."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

MakeClip = Callable[..., Path]


def moving_picture(number: int, width: int, height: int) -> np.ndarray:
    """H×W×3 RGB uint8 noise that moves with the frame number, so that every frame is another one."""
    noise = np.random.default_rng(1).integers(0, 256, (height + 64, width + 64, 3), dtype=np.uint8)
    smooth = cv2.GaussianBlur(noise, (0, 0), 2)
    wide = cv2.normalize(smooth, None, 0, 255, cv2.NORM_MINMAX)
    down, right = number % 61, (number * 3) % 59
    return np.ascontiguousarray(wide[down : down + height, right : right + width])


@pytest.fixture(scope="session")
def make_clip(tmp_path_factory: pytest.TempPathFactory) -> MakeClip:
    """Encode a film; the same arguments give the same file."""
    folder = tmp_path_factory.mktemp("clips")
    made: dict[tuple[Any, ...], Path] = {}

    def make(
        name: str = "clip.mp4",
        *,
        count: int = 40,
        size: tuple[int, int] = (64, 48),
        codec: str = "libx264",
        pixels: str = "yuv420p",
        options: dict[str, str] | None = None,
        container: dict[str, str] | None = None,
        times: list[int] | None = None,
        timecode: str | None = None,
        aspect: Fraction | None = None,
    ) -> Path:
        key = (name, count, size, codec, pixels, str(options), str(container), str(times), timecode, aspect)
        if key not in made:
            place = folder / str(len(made))
            place.mkdir()
            made[key] = place / name
            with av.open(str(made[key]), "w", options=container or {}) as film:
                if timecode is not None:
                    film.metadata["timecode"] = timecode
                stream = film.add_stream(codec, rate=25)
                stream.width, stream.height = size
                stream.pix_fmt = pixels
                stream.options = options or {}
                if aspect is not None:
                    stream.codec_context.sample_aspect_ratio = aspect
                if times is not None:
                    stream.codec_context.time_base = Fraction(1, 1000)
                for number in range(count):
                    frame = av.VideoFrame.from_ndarray(moving_picture(number, *size), format="rgb24")
                    frame.pts = number if times is None else times[number]
                    frame.time_base = Fraction(1, 25) if times is None else Fraction(1, 1000)
                    film.mux(stream.encode(frame))
                film.mux(stream.encode())
        return made[key]

    return make


@pytest.fixture(scope="session")
def full_decode() -> Callable[[Path], list[np.ndarray]]:
    """Every frame of a film as plain PyAV decodes it, H×W×3 RGB uint8 by the filter chain that Blender agrees with."""

    def decode(path: Path) -> list[np.ndarray]:
        with av.open(str(path)) as film:
            stream = film.streams.video[0]
            graph = av.filter.Graph()
            graph.link_nodes(
                graph.add_buffer(template=stream, time_base=stream.time_base),
                graph.add("scale", "flags=neighbor+full_chroma_int+accurate_rnd"),
                graph.add("format", "pix_fmts=rgb24"),
                graph.add("buffersink"),
            ).configure()
            images = []
            for frame in film.decode(stream):
                graph.push(frame)
                images.append(graph.vpull().to_ndarray())
            return images

    return decode


@pytest.fixture
def make_pictures() -> Callable[..., Path]:
    """Write numbered PNG pictures into a folder; picture n is filled with the value n."""

    def make(folder: Path, numbers: list[int], name: str = "shot.{:04d}.png", size: tuple[int, int] = (6, 4)) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for number in numbers:
            image = np.full((size[1], size[0], 3), number % 256, np.uint8)
            assert cv2.imwrite(str(folder / name.format(number)), image)
        return folder

    return make
