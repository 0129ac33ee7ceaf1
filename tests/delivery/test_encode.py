"""Frames become a film."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from ml_backend.delivery.encode import REC709, Film, write_film
from ml_backend.delivery.encode_choice import Codec, choose_encoding
from ml_backend.delivery.encode_sound import Sound

SIDE, RATE = 384, Fraction(24)


@pytest.mark.parametrize(("codec", "count"), [("h264", 1), ("h265", 1), ("h265", 2), ("h265", 3)])
def test_films_of_few_frames(tmp_path: Path, codec: Codec, count: int) -> None:
    """libx265 takes the decoding time of such a film from memory that it has not filled: often, not always, wrong."""
    how = choose_encoding(codec, "mp4", None, (SIDE, SIDE), None, deep=False)
    pixels = np.random.default_rng(0).integers(0, 255, (count, SIDE, SIDE, 3), np.uint8)
    for attempt in range(15):
        frames = [av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=how.pixels) for picture in pixels]
        for number, frame in enumerate(frames):
            frame.pts, frame.time_base = number, 1 / RATE
        file = tmp_path / f"{attempt}.mp4"
        write_film(file, "mp4", Film(SIDE, SIDE, RATE, 1 / RATE, REC709), how, iter(frames), Sound())
        with av.open(str(file)) as film:
            times = [frame.time for frame in film.decode(video=0)]
        assert times == pytest.approx([number / 24 for number in range(count)])
