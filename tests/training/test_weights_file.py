import errno
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


@pytest.mark.skipif(os.name == "nt", reason="the limit is POSIX")
def test_what_the_system_cannot_write_is_its_own_error(tmp_path: Path) -> None:
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(OSError, match=r"weights\.safetensors") as failed:
            write_tensors(tmp_path / "weights.safetensors", {"a": torch.zeros(10_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert failed.value.errno == errno.EFBIG
