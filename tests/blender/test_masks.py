"""Masks are painted face after face, and what is stored is exactly what was painted."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.blender


def test_paint_and_keep(scenario: Callable[..., dict[str, Any]]) -> None:
    answer = scenario("masks")
    assert not answer["poll"], "nothing is open yet"
    assert answer["opened"] == [["FINISHED"], "plate_000004_0.png"], "the middle one of seven comes first"
    assert answer["white"] == [255, [96, 64], "Non-Color"]
    assert answer["saved"] == ["FINISHED"]
    assert answer["exact"], "not colour managed, and the right way up"
    assert answer["header"] == [96, 64, 8, 0], "8-bit grey, as large as the crop"
    assert answer["second"] == "plate_000002_0.png"
    assert answer["next"] == [["FINISHED"], "plate_000003_0.png", True], "what was painted is kept when one goes on"
    assert answer["images"] == ["plate_000003_0 mask"], "one mask at a time is in memory"
    assert answer["shown"] == "plate_000004_0.png"
    assert answer["again"], "a painted mask is opened again as it was"
    assert answer["over"]
    assert answer["predicted"], "a predicted mask is what one goes on from"
    assert answer["kept"] == [True, True], "the prediction stays, the painted mask wins over it"
    assert answer["brush"] == [["FINISHED"], ["FINISHED"]]
    assert "There is no face" in answer["nobody"][0][0]
    assert "There are no faces" in answer["nobody"][1][0]
    assert answer["damaged"] == [["FINISHED"], 255], "a mask that cannot be read is begun anew"
    assert answer["drawn"]["box"] == [[24, 12], [55, 59]], "rows from the top"
    assert answer["drawn"]["soft"] == 0
    assert "Nothing is drawn" in answer["drawn"]["empty"]
