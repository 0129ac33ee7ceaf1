import numpy as np
import pytest

from ml_backend.faces.slipping import slipped


@pytest.mark.parametrize(
    ("yaws", "marked"),
    [
        ([40, 48, 55, 58, 61, 57, 50, 44], 3),  # a head that turns into profile, and is lost there
        ([-40, -48, -55, -58, -61, -57], 1),
        ([40, 48, 55, 58, 61], 0),  # lost where it is turned most
        ([20, 31, 44, 40, 33], 0),  # turned back before the landmarks end
        ([55], 0),
        ([], 0),
    ],
)
def test_what_follows_the_farthest_turn_is_not_trusted(yaws, marked):
    found = slipped(np.array(yaws, float))
    assert found.tolist() == [False] * (len(yaws) - marked) + [True] * marked
