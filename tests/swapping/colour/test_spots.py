"""Small things of another colour are not measured; shadows and coloured lights are."""

import numpy as np

from ml_backend.swapping.colour import apply, measure, without_spots

SIDE = 96
ONES = np.ones((SIDE, SIDE), np.float32)


def skin() -> np.ndarray:
    """A shaded, slightly blotched skin."""
    rng = np.random.default_rng(0)
    shade = np.linspace(0.5, 1.1, SIDE)[None, :, None]
    blotched: np.ndarray = np.array([0.75, 0.55, 0.45]) * shade + rng.normal(0, 0.008, (SIDE, SIDE, 3))
    return blotched.astype(np.float32)


def strand() -> np.ndarray:
    rows, columns = np.mgrid[:SIDE, :SIDE]
    return np.abs(columns - 30 - rows / 4) < 2.5


def test_a_strand_is_left_out_and_the_skin_is_not() -> None:
    plate = np.where(strand()[..., None], np.float32([0.05, 0.3, 0.5]), skin())
    kept = without_spots(plate, ONES)
    assert kept.dtype == np.float32
    assert not kept[strand()].any()
    assert kept[~strand()].mean() > 0.97
    made = skin() * np.float32(0.9)
    clean, spotted, naive = (
        apply("mkl", made, measure("mkl", made, picture, weights), 1)
        for picture, weights in ((skin(), ONES), (plate, kept), (plate, ONES))
    )
    assert np.abs(spotted - clean).mean() < 0.1 * np.abs(naive - clean).mean()


def test_a_hard_shadow_and_a_coloured_light_from_the_side_stay() -> None:
    shadow = skin()
    shadow[:, 60:] *= 0.4
    assert without_spots(shadow, ONES).mean() > 0.97
    rim = np.clip((np.arange(SIDE) - 48) / 48, 0, 1)[None, :, None]
    coloured = skin() * (1 + rim * [-0.3, 0, 0.3]).astype(np.float32)
    assert without_spots(coloured, ONES)[:, 80:].mean() > 0.9


def test_what_has_no_weight_does_not_count_as_the_skin_around() -> None:
    background = skin()
    background[:, :40] = [0, 1, 0]
    weights = ONES.copy()
    weights[:, :40] = 0
    kept = without_spots(background, weights)
    assert not kept[:, :40].any()
    assert kept[:, 40:].mean() > 0.97


def test_without_weights_nothing_happens() -> None:
    assert not without_spots(skin(), ONES * 0).any()
    tiny = ONES * 0
    tiny[3, 3] = 0.1
    assert np.isfinite(without_spots(skin(), tiny)).all()
