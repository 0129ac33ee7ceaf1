"""What a new training begins with: finding a base, refusing a wrong one, copying it into the networks."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from ml_backend.errors import UsageError
from ml_backend.networks.architecture import Architecture
from ml_backend.networks.families import build_autoencoder
from ml_backend.training.base import FORMAT, find_base, shipped, start_from
from ml_backend.training.presets import PRESETS

SMALL = PRESETS["tiny"].architecture


def write_base(file: Path, architecture: Architecture = SMALL, **metadata: str) -> dict[str, torch.Tensor]:
    torch.manual_seed(5)
    network = build_autoencoder(architecture, ["base"])
    tensors = {
        name.replace("decoders.0.", "decoder."): value.half().contiguous()
        for name, value in network.state_dict().items()
    }
    save_file(tensors, file, {"format": FORMAT, "architecture": architecture.model_dump_json(), **metadata})
    return tensors


def test_none_is_noise_and_auto_needs_the_same_architecture() -> None:
    assert find_base("none", SMALL) is None
    assert find_base("auto", SMALL.model_copy(update={"code": 33})) is None


def test_the_shipped_base_fits_the_default_preset() -> None:
    base = find_base("auto", PRESETS["quick96"].architecture)
    assert base is not None
    assert base.file in shipped()
    assert base.file.stat().st_size < 30_000_000
    assert "synthetic" in base.about["trained_on"]
    start_from(build_autoencoder(base.architecture, ["a", "b"]), base)


def test_every_identity_begins_with_the_same_decoder(tmp_path: Path) -> None:
    tensors = write_base(tmp_path / "base.safetensors", licence="CC0-1.0")
    base = find_base(str(tmp_path / "base.safetensors"), SMALL)
    assert base is not None
    assert len(base.sha256) == 64
    assert base.about == {"licence": "CC0-1.0"}
    network = build_autoencoder(SMALL, ["a", "b", "c"])
    start_from(network, base)
    state = network.state_dict()
    for name, value in tensors.items():
        for own in [name.replace("decoder.", f"decoders.{n}.", 1) for n in range(3)]:
            torch.testing.assert_close(state[own], value.float(), rtol=0, atol=0)
    faces = torch.rand(2, 3, 32, 32)
    torch.testing.assert_close(network.swap(faces, "a"), network.swap(faces, "c"))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.safetensors.*base=none"):
        find_base(str(tmp_path / "nowhere.safetensors"), SMALL)


def test_another_architecture_is_named(tmp_path: Path) -> None:
    write_base(tmp_path / "base.safetensors")
    with pytest.raises(UsageError, match=r"base\.safetensors has another architecture: code 32 instead of 48"):
        find_base(str(tmp_path / "base.safetensors"), SMALL.model_copy(update={"code": 48}))


def test_a_torn_file_is_damaged(tmp_path: Path) -> None:
    file = tmp_path / "base.safetensors"
    write_base(file)
    whole = file.read_bytes()
    for part in (whole[: len(whole) // 2], whole[:20], b""):
        file.write_bytes(part)
        with pytest.raises(UsageError, match=r"base\.safetensors is damaged"):
            find_base(str(file), SMALL)


def test_other_tensors_are_no_base(tmp_path: Path) -> None:
    file = tmp_path / "other.safetensors"
    save_file({"x": torch.zeros(1)}, file)
    with pytest.raises(UsageError, match=r"other\.safetensors is no base model"):
        find_base(str(file), SMALL)


def test_an_unknown_architecture_is_damage(tmp_path: Path) -> None:
    file = tmp_path / "base.safetensors"
    values = SMALL.model_dump() | {"family": "future"}
    save_file({"x": torch.zeros(1)}, file, {"format": FORMAT, "architecture": json.dumps(values)})
    with pytest.raises(UsageError, match="its architecture cannot be read"):
        find_base(str(file), SMALL)


def test_tensors_that_do_not_fit_are_damage(tmp_path: Path) -> None:
    file = tmp_path / "base.safetensors"
    tensors = write_base(file)
    tensors.pop("encoder.0.0.weight")
    save_file(tensors, file, {"format": FORMAT, "architecture": SMALL.model_dump_json()})
    base = find_base(str(file), SMALL)
    assert base is not None
    with pytest.raises(UsageError, match="its tensors are not those of its architecture"):
        start_from(build_autoencoder(SMALL, ["a", "b"]), base)
