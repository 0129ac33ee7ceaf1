import numpy as np
import pytest

from ml_backend.faces.slipping import slipped


@pytest.mark.parametrize(
    ("yaws", "marked"),
    [
        ([70, 78, 85, 93, 98, 91, 84, 77], 3),  # a head that turns beyond profile, and is lost there
        ([-70, -78, -85, -88, -91, -87], 1),
        ([50, 58, 65, 74, 70, 61], 0),  # never so far that they slip off
        ([70, 78, 85, 93, 98], 0),  # lost where it is turned most
        ([20, 31, 44, 40, 33], 0),  # turned back before the landmarks end
        ([95], 0),
        ([], 0),
    ],
)
def test_what_follows_the_farthest_turn_is_not_trusted(yaws, marked):
    found = slipped(np.array(yaws, float))
    assert found.tolist() == [False] * (len(yaws) - marked) + [True] * marked
