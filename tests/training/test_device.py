"""In which precision a device trains where nobody says it."""

import pytest
import torch

from ml_backend.training.device import resolve_precision

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("features", "expected"),
    [
        ({}, torch.float32),
        ({"avx512_bf16": True}, torch.float32),  # for vectors only: slower than float32
        ({"avx512_bf16": True, "amx_bf16": True}, torch.bfloat16),
        ({"sve_bf16": True}, torch.bfloat16),
    ],
)
def test_a_processor_takes_bfloat16_where_it_has_units_for_it(
    monkeypatch: pytest.MonkeyPatch, features: dict[str, bool], expected: torch.dtype
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: features)
    assert resolve_precision("auto", CPU) == expected


def test_what_is_asked_for_is_taken() -> None:
    assert resolve_precision("float32", CPU) == torch.float32
    assert resolve_precision("bfloat16", CPU) == torch.bfloat16
