"""The sizes and options that artists ask for, built on torch's meta device: shapes without memory or arithmetic."""

from itertools import product

import pytest
import torch
from torch import Tensor, nn

from ml_backend.networks.architecture import Architecture
from ml_backend.networks.autoencoder import Autoencoder
from ml_backend.networks.blocks import PixelNorm
from ml_backend.networks.families import build_autoencoder

NAMES = ("a", "b", "c")
COUNTS = dict(zip(NAMES, (2, 1, 3), strict=True))
FAMILIES = ("df", "liae")
SIDES = (64, 320, 512, 640)
# DeepFaceLab's letters
LETTERS = {"u": {"unit_code": True}, "d": {"subpixel": True, "subpixel_heads": True}, "t": {"deep": True}}
OPTIONS = ["".join(x for x, on in zip("udt", chosen, strict=True) if on) for chosen in product((False, True), repeat=3)]
META = torch.device("meta")


def build(family: str, side: int, letters: str) -> Autoencoder:
    chosen: dict[str, object] = {"family": family, "resolution": side, "unit_code": False, "mask_channels": 22}
    for letter in letters:
        chosen |= LETTERS[letter]
    with META:
        return build_autoencoder(Architecture.model_validate(chosen), NAMES)


def faces_of(side: int) -> dict[str, Tensor]:
    return {name: torch.rand(count, 3, side, side, device=META) for name, count in COUNTS.items()}


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("letters", OPTIONS, ids=lambda letters: letters or "none")
@pytest.mark.parametrize("family", FAMILIES)
def test_faces_of_every_size_come_out_as_they_went_in(family: str, letters: str, side: int) -> None:
    network = build(family, side, letters)
    made = network(faces_of(side), [("b", "a"), ("a", "c")])
    assert list(made) == [("a", "a"), ("b", "b"), ("c", "c"), ("b", "a"), ("a", "c")]
    for (source, _), rebuilt in made.items():
        assert rebuilt.face.shape == (COUNTS[source], 3, side, side)
        assert rebuilt.mask.shape == (COUNTS[source], 1, side, side)
        assert rebuilt.code.shape == (COUNTS[source], network.code_size)
        assert {tensor.dtype for tensor in rebuilt} == {torch.float32}
        assert {tensor.device for tensor in rebuilt} == {META}


@pytest.mark.parametrize("letters", OPTIONS, ids=lambda letters: letters or "none")
@pytest.mark.parametrize("family", FAMILIES)
def test_the_options_decide_what_lies_between(family: str, letters: str) -> None:
    """u: pixel-norm. d: the face's last features are half as large as the face. t: one more halving of what goes in."""
    network = build(family, 320, letters)
    sides: dict[str, int] = {}
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d) and "mask" not in name:
            module.register_forward_hook(lambda _, given, made, name=name: sides.update({name: made.shape[-1]}))
    network(faces_of(320))
    smallest = min(size for name, size in sides.items() if name.startswith("encoder."))
    largest = max(size for name, size in sides.items() if name.startswith("decoder"))
    assert smallest == (10 if "t" in letters else 20)
    assert largest == (160 if "d" in letters else 320)
    assert any(isinstance(module, PixelNorm) for module in network.modules()) == ("u" in letters)
