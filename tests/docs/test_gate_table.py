"""The tests that the table of ways to pass by the gate names are there."""

import re

from .pages import DOCS, ROOT

_NAMED = re.compile(r"`((?:[\w/.]+\.py::)?test_\w+)`")
TABLE = (DOCS / "gate.md").read_text("utf-8")


def test_every_named_test_exists() -> None:
    own = [ROOT / "tests" / "provenance" / f"{name}.py" for name in ("test_ways_around", "test_ways_around_the_work")]
    for named in _NAMED.findall(TABLE):
        file, _, test = named.rpartition("::")
        places = own if not file else [ROOT / file if "/" in file else own[0].with_name(file)]
        assert any(f"def {test}(" in place.read_text("utf-8") for place in places), named


def test_every_way_has_a_test_and_there_are_thirty() -> None:
    rows = [line for line in TABLE.splitlines() if re.match(r"\| \d+ \|", line)]
    assert len(rows) >= 30
    assert all("test_" in row.split("|")[4] for row in rows)
