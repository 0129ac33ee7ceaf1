import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from ml_backend.training.weights_file import write_tensors


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX")
def test_whoever_may_read_a_new_file_may_read_the_weights(tmp_path: Path) -> None:
    (tmp_path / "any").touch()
    tensors = {"a": torch.arange(6.0).reshape(2, 3).T}  # not contiguous
    write_tensors(tmp_path / "weights.safetensors", tensors)
    assert (tmp_path / "weights.safetensors").stat().st_mode == (tmp_path / "any").stat().st_mode
    assert torch.equal(load_file(tmp_path / "weights.safetensors")["a"], tensors["a"])
