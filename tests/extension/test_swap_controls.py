"""What a strip offers is what the backend takes."""

from typing import get_args

import pytest

from blender_deepfake.core import swap_controls
from blender_deepfake.core.swap_controls import CONTROLS, DEFAULT, Choice, Control, Number, Toggle
from ml_backend.swapping.settings import KEYED, SwapSettings, make_settings

ELSEWHERE = {"faces", "performer", "occlusion_steady", "names"}  # typed where they are needed


def test_every_setting_has_its_control() -> None:
    names = [control.name for control in CONTROLS]
    assert len(set(names)) == len(names)
    assert set(names) == set(SwapSettings.model_fields) - ELSEWHERE
    assert {control.group for control in CONTROLS} == set(swap_controls.GROUPS)
    assert len({control.label for control in CONTROLS}) == len(names), "the Graph Editor shows the label alone"


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.name)
def test_it_fits_the_backend(control: Control) -> None:
    field = SwapSettings.model_fields[control.name]
    if isinstance(control, Choice):
        assert {item[0] for item in control.items} == set(get_args(field.annotation))
        assert DEFAULT not in get_args(field.annotation)
        return
    assert control.default == field.default, "what is shown untouched is what the backend does"
    if isinstance(control, Toggle):
        assert field.annotation is bool
        return
    assert isinstance(control, Number)
    assert control.can_be_keyed == (control.name in KEYED)
    for limit in (control.low, control.high):
        assert getattr(make_settings({control.name: str(limit)}), control.name) == limit
