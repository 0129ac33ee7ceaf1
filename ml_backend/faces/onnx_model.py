"""Open the ONNX networks that ship with the backend."""

import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from ml_backend.errors import BackendError
from ml_backend.media.frame import Pixels

SHA256 = {
    "centerface": "098946c7143ef0588ed022bb8c19310821f1cd876ed4650785f1baa70424acb0",
    "face_recognition": "f32e77f135cfc347a4de98585f02d65759f71c6d6c0e54ee043a5e2db788b55b",
    "facemesh478": "c6cf23be4d2c4a976efb7e8268a53973444092397c2007c3598a689e9c8a3ee6",
    "facemesh478_profile": "877d4136037ca7566fdfed051e3e27a798d94a5aeee3bf2be74a3cad020fea6b",
}


@cache
def _verified_bytes(name: str) -> bytes:
    file = files("ml_backend.weights").joinpath(f"{name}.onnx")
    try:
        data = file.read_bytes()
    except OSError as error:
        raise BackendError(f"The face model {file} cannot be read ({error}).", "Install the backend again.") from error
    if hashlib.sha256(data).hexdigest() != SHA256[name]:
        raise BackendError(f"The face model {file} is damaged: its SHA-256 is wrong.", "Install the backend again.")
    return data


def open_model(name: str, threads: int = 1) -> ort.InferenceSession:
    """A session for one of the shipped networks: on an NVIDIA GPU where the installed ONNX Runtime can use one.

    `threads` are those of the CPU. One thread without busy waiting is the default: a second one gains a third and
    spins on the core that decoding or training needs.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return ort.InferenceSession(_verified_bytes(name), options, providers=choose_providers(_available_providers()))


def most_at_once(session: ort.InferenceSession, cpu: int, gpu: int) -> int:
    """How many pictures a network shall take at once: `cpu` of them, or `gpu` where the session runs on one."""
    return cpu if session.get_providers()[0] == "CPUExecutionProvider" else gpu


def choose_providers(available: Sequence[str]) -> list[str | tuple[str, dict[str, str]]]:
    """What a session runs on, the first that works first: CUDA where it is `available`, always the CPU.

    No other kind is chosen: CoreML and DirectML rebuild the network for every new size of batch.
    """
    cuda: list[str | tuple[str, dict[str, str]]] = []
    if "CUDAExecutionProvider" in available:
        # Batches change with the number of faces: an exhaustive search for the best algorithm at every new size costs
        # more than it wins. TF32 would move landmarks by parts of a pixel against those of a CPU.
        cuda = [("CUDAExecutionProvider", {"cudnn_conv_algo_search": "HEURISTIC", "use_tf32": "0"})]
    return [*cuda, "CPUExecutionProvider"]


@cache
def _available_providers() -> tuple[str, ...]:
    available = tuple(ort.get_available_providers())
    if "CUDAExecutionProvider" in available and hasattr(ort, "preload_dlls"):
        ort.preload_dlls()  # CUDA's libraries from the packages that torch brings, where the system has none
    return available


def to_batch(crops: Sequence[NDArray[np.integer | np.float32]]) -> NDArray[np.float32]:
    """N pictures H×W×3 with values 0–255 to the N×3×H×W float32 that the networks take."""
    return np.ascontiguousarray(np.stack(crops).transpose(0, 3, 1, 2), np.float32)


def as_8bit_range(image: Pixels) -> NDArray[np.integer | np.float32]:
    """uint8 stays; uint16 becomes float32 in 0–255, the range that the networks were made for."""
    if image.dtype == np.uint16:
        return image.astype(np.float32) * np.float32(255 / 65535)
    return image
