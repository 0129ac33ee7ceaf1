"""The identity's features are laid where the performer's are."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml_backend.media.write import read_picture
from ml_backend.swapping.performer import features
from ml_backend.swapping.settings import NOWHERE, SwapSettings
from ml_backend.training.models.checkpoints import CheckpointInfo, list_checkpoints, read_info


@pytest.fixture
def info(tiny_model: Path) -> CheckpointInfo:
    return read_info(list_checkpoints(tiny_model)[-1])


def test_it_is_the_offset_between_the_two_people(
    swap: Callable[..., dict[str, Any]], info: CheckpointInfo, tmp_path: Path
) -> None:
    own, performer = features(info, "identity_B", SwapSettings())
    x, y = np.subtract(performer, own)
    assert 0.01 < np.hypot(x, y) < 0.1
    fitted = Path(swap(out=tmp_path / "fitted")["out"])
    moved = Path(swap(out=tmp_path / "moved", settings={"fit": "0", "offset_x": str(x), "offset_y": str(y)})["out"])
    plain = Path(swap(out=tmp_path / "plain", settings={"fit": "0"})["out"])
    for number in (1, 2, 3):
        name = f"{number:06d}.png"
        assert np.array_equal(read_picture(fitted / name), read_picture(moved / name))
        assert not np.array_equal(read_picture(fitted / name), read_picture(plain / name))


def test_only_a_performer_who_is_known_counts(info: CheckpointInfo) -> None:
    own, performer = features(info, "identity_B", SwapSettings())
    assert features(info, "performer_A", SwapSettings()) == (performer, own)
    assert features(info, "identity_B", SwapSettings(faces="largest")) == (NOWHERE, NOWHERE)
    named = SwapSettings(faces="largest", performer="performer_A")
    assert features(info, "identity_B", named) == (own, performer)
    older = info.model_copy(update={"middles": {}})
    assert features(older, "identity_B", SwapSettings()) == (NOWHERE, NOWHERE)
