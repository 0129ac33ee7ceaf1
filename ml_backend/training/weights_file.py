"""Networks' tensors in a file of safetensors, which whoever may read the folder may read: farm workers, for one."""

from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import save_file
from torch import Tensor


def write_tensors(file: Path, tensors: Mapping[str, Tensor], about: dict[str, str] | None = None) -> None:
    """Write tensors, wherever they are; about: the file's metadata. The library would leave the file to its owner."""
    file.touch()
    mode = file.stat().st_mode  # as the user's umask has it
    save_file({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, file, about)
    file.chmod(mode)
