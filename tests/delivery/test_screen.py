"""What `verify` shows fits on one screen, whatever was signed."""

from pathlib import Path

import pytest

from ml_backend.delivery.screen import screen
from ml_backend.delivery.verify import Verified
from ml_backend.provenance.credentials import Credentials

ROWS, COLUMNS = 24, 80
CROWD = {f"person_{number:03d}": f"{number:064x}" for number in range(60)}


def rows(lines: list[str]) -> int:
    return sum(-(-len(line) // COLUMNS) for line in lines)


def crowded(changed: int = 0) -> Verified:
    """A film of many people, swaps and programs."""
    told = Credentials(
        "changed" if changed else "valid",
        signer="A Studio with a Rather Long Name of its Own, Department of Visual Effects and Compositing",
        tool="Deepfake Sequencer",
        title="a_film_with_a_long_name_v012_final_final.mp4",
        facts={"people": CROWD, "swaps": ["1" * 64] * 60, "watermark": "0badcafe"},
        actions=tuple(f"c2pa.edited_{number}" for number in range(200)),
        generated=True,
        ingredients=tuple(f"plate_{number:04d}.mov" for number in range(60)),
        changed_ingredients=tuple(f"plate_{number:04d}.mov" for number in range(30)),
    )
    names = tuple(f"shot_010_v001.{number:06d}.png" for number in range(changed))
    return Verified(Path("/projects/film/delivery/reel_1"), told.state, told, 500, names, names, names)


@pytest.mark.parametrize("changed", [0, 100])
def test_a_crowd_fits_on_one_screen(changed: int) -> None:
    lines = screen(crowded(changed), dict.fromkeys(CROWD, "valid"), {})
    assert rows(lines) <= ROWS
    assert any("of 56 more (56 valid)" in line for line in lines)
    assert any("c2pa" not in line and "and 192 more" in line for line in lines)


def test_whose_consent_does_not_hold_is_named_first() -> None:
    consent = dict.fromkeys(CROWD, "valid") | {"person_050": "revoked", "person_051": "valid; expired"}
    shown = [line.split()[1] for line in screen(crowded(), consent, {}) if line.startswith("  consent")]
    assert shown[:3] == ["person_050", "person_051", "person_000"]


def test_few_people_are_all_named() -> None:
    told = Credentials("valid", signer="a", facts={"people": {"anna": "1" * 64, "ben": f"{'2' * 64} {'3' * 64}"}})
    found = Verified(Path("film.mp4"), "valid", told)
    lines = screen(found, {"anna": "valid", "ben": "valid; expired"}, {})
    assert "  consent      anna 1111111111111111: valid" in lines
    assert "  consent      ben 2222222222222222 3333333333333333: valid; expired" in lines
