"""The averaged network at the look at the held-out faces that was best, for a training that ends early.

MODEL/best.safetensors    its tensors, with the iteration in the metadata; gone once it has ended so
"""

from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import Tensor, nn

from ml_backend import atomic

from .weights_file import write_tensors

BEST = "best.safetensors"
ITERATION = "iteration"


def keep_best(model: Path, network: nn.Module, iteration: int) -> None:
    """Write the network's tensors in place of those of the best look before."""
    with atomic.new_file(model / BEST) as part:
        write_tensors(part, network.state_dict(), {ITERATION: str(iteration)})


def read_best(model: Path, iteration: int) -> dict[str, Tensor] | None:
    """The tensors of the best look, if they are of this iteration; None where they are not there, or damaged."""
    try:
        with safe_open(model / BEST, framework="pt") as file:
            if (file.metadata() or {}).get(ITERATION) != str(iteration):
                return None
        return dict(load_file(model / BEST))
    except (OSError, SafetensorError):
        return None


def forget_best(model: Path) -> None:
    (model / BEST).unlink(missing_ok=True)
