"""Networks' tensors in a file of safetensors, which whoever may read the folder may read: farm workers, for one."""

from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import save_file
from torch import Tensor


def write_tensors(file: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write tensors, wherever they are. The library would leave the file to its owner alone."""
    file.touch()
    mode = file.stat().st_mode  # as the user's umask has it
    save_file({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, file)
    file.chmod(mode)
