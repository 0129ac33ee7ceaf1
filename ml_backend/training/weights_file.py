"""Networks' tensors in a file of safetensors, which whoever may read the folder may read: farm workers, for one."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor


def write_tensors(file: Path, tensors: Mapping[str, Tensor], about: dict[str, str] | None = None) -> None:
    """Write tensors, wherever they are; about: the file's metadata. The library would leave the file to its owner.

    Raises OSError where the system cannot write them, on a full disk for one.
    """
    file.touch()
    mode = file.stat().st_mode  # as the user's umask has it
    try:
        save_file({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, file, about)
    except SafetensorError as error:
        if (code := re.search(r"\(os error (\d+)\)", str(error))) is None:
            raise
        raise OSError(int(code[1]), os.strerror(int(code[1])), str(file)) from error
    file.chmod(mode)
