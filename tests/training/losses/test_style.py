"""What a swapped face takes over, on values that are known."""

from collections.abc import Callable

import numpy as np
import torch

from ml_backend.training.losses.style import background_style, face_style

Pictures = Callable[..., torch.Tensor]


def test_colours_by_their_statistics(pictures: Pictures) -> None:
    """Against weighted statistics by numpy."""
    made, real = pictures(1, side=8), pictures(2, side=8) ** 2
    mask = pictures(3, side=8)[:, :1]
    costs = []
    for m, r, w in zip(made.numpy(), real.numpy(), mask.numpy(), strict=True):
        for x, y in zip(m, r, strict=True):
            mx, my = np.average(x, weights=w[0]), np.average(y, weights=w[0])
            dx, dy = (np.sqrt(np.average((z - mz) ** 2, weights=w[0])) for z, mz in ((x, mx), (y, my)))
            costs.append((mx - my) ** 2 + (dx - dy) ** 2)
    np.testing.assert_allclose(float(face_style(made, real, mask)), np.mean(costs), rtol=1e-4)


def test_a_brighter_face_costs_the_square_of_its_brightness(pictures: Pictures) -> None:
    real, mask = pictures(1) * 0.5, torch.ones(2, 1, 32, 32)
    torch.testing.assert_close(face_style(real + 0.25, real, mask), torch.tensor(0.0625))


def test_where_the_colours_are_does_not_matter(pictures: Pictures) -> None:
    real, mask = pictures(1), torch.ones(2, 1, 32, 32)
    assert float(face_style(real.flip(3), real, mask)) < 1e-8


def test_the_background_has_no_part_in_the_face(pictures: Pictures) -> None:
    made, real, mask = pictures(1), pictures(2), torch.zeros(2, 1, 32, 32)
    mask[..., 8:24, 8:24] = 1
    changed = torch.where(mask > 0, made, pictures(3))
    torch.testing.assert_close(face_style(made, real, mask), face_style(changed, real, mask))


def test_the_face_has_no_part_in_the_background(pictures: Pictures) -> None:
    made, real, mask = pictures(1), pictures(2), torch.zeros(2, 1, 32, 32)
    mask[..., 8:24, 8:24] = 1
    changed = torch.where(mask > 0, pictures(3), made)
    torch.testing.assert_close(background_style(made, real, mask), background_style(changed, real, mask))
    assert float(background_style(torch.where(mask > 0, made, real), real, mask)) < 1e-6


def test_a_flat_background_of_another_light() -> None:
    """DSSIM by light alone, ½·(1 − (2xy + C1) / (x² + y² + C1)), and the square of the difference."""
    x, y = 0.2, 0.6
    loss = background_style(torch.full((1, 3, 16, 16), x), torch.full((1, 3, 16, 16), y), torch.zeros(1, 1, 16, 16))
    expected = (1 - (2 * x * y + 1e-4) / (x * x + y * y + 1e-4)) / 2 + (x - y) ** 2
    np.testing.assert_allclose(float(loss), expected, rtol=1e-3)
