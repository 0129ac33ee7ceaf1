"""One identity of a model as ONNX, for programs that have no torch."""

import importlib.util
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from ml_backend import atomic
from ml_backend.errors import BackendError, UsageError
from ml_backend.networks.autoencoder import Autoencoder
from ml_backend.provenance import audit
from ml_backend.provenance.gate import Purpose

from .checkpoints import load_for_swap
from .export import chosen_identities, sample_faces
from .export_gate import require_export

SUFFIX = ".onnx"
TOLERANCE = 1e-3  # of 1; less than a third of a step in 8 bits
LARGEST = 2 * 10**9  # bytes: what one protobuf file can hold


class _Painter(nn.Module):
    """faces N×3×R×R in 0–1 to the face and mask in 0–1 of one identity."""

    def __init__(self, network: Autoencoder, identity: str) -> None:
        super().__init__()
        self.network, self.identity = network, identity

    def forward(self, faces: Tensor) -> tuple[Tensor, Tensor]:
        return self.network.swap(faces, self.identity)


def export_onnx(
    model: Path,
    identity: str,
    out: Path,
    consent: Path | None = None,
    project: str | None = None,
    shot: str | None = None,
) -> dict[str, Any]:
    """Write what paints `identity` as the file `out`, once ONNX Runtime has been seen to compute the same.

    Input `faces` N×3×R×R RGB float32 in 0–1, outputs `face` N×3×R×R RGB and `mask` N×1×R×R in 0–1, any N. The file's
    properties say whose face it is, how faces are framed, and under which consent it was exported. Returns out, bytes,
    side and difference (the largest one between torch and ONNX Runtime, of 1).

    Raises RefusedError without consent to export-model, UsageError for an unknown identity, another suffix or a missing
    extra, BackendError where the results differ by more than `TOLERANCE`: then no file is written.
    """
    if out.suffix != SUFFIX:
        raise UsageError(f"{out} is no name of an ONNX file.", f"Name it {out.with_suffix(SUFFIX).name}.")
    if importlib.util.find_spec("onnxscript") is None:
        raise UsageError(
            "Writing ONNX needs the package onnxscript.", 'Install it: pip install "deepfake-sequencer[onnx]"'
        )
    whole = load_for_swap(model, torch.device("cpu"))
    if identity not in whole.info.identities:
        chosen_identities(whole, [identity])
    purpose = Purpose("export-model", consent, project, shot)
    record = require_export(whole.info, [identity], purpose).records[identity]
    painter = _Painter(whole.network.requires_grad_(False), identity).eval()
    size = sum(p.numel() * p.element_size() for p in painter.parameters())
    if size > LARGEST:
        raise UsageError(
            f"The model {model} is too large for one ONNX file ({size / 1e9:.1f} GB).", "Use model export."
        )
    info = whole.info
    properties = {
        "identity": identity,
        "consent_sha256": record.sha256(),
        "framing": info.framing,
        "framing_side": str(info.framing_side),
        "landmark_model": info.landmark_model,
        "checkpoint": whole.checkpoint,
        "weights_sha256": whole.weights_sha256,
    }
    data = _to_onnx(painter, properties)
    difference = _compare(painter, data)
    if not difference <= TOLERANCE:
        raise BackendError(
            f"{out} was not written: ONNX Runtime's faces differ from torch's by {difference:.2g}.",
            "Try other versions of torch, onnxscript and onnxruntime, and tell the developers.",
        )
    facts = {"model": model.name, "weights": whole.weights_sha256, "out": out.name}
    audit.enter("export", {identity: record.sha256()}, facts)
    try:
        atomic.write_bytes(out.absolute(), data)
    except OSError as error:
        raise BackendError(f"{out} cannot be written: {error.strerror}.", "Name a file elsewhere.") from error
    return {
        "out": str(out),
        "identity": identity,
        "bytes": len(data),
        "side": whole.network.side,
        "difference": difference,
        "checkpoint": whole.checkpoint,
    }


def _to_onnx(painter: _Painter, properties: dict[str, str]) -> bytes:
    example = sample_faces(painter.network.side, 2)  # not 1: that would be taken for a constant
    with _quiet():
        program = torch.onnx.export(
            painter,
            (example,),
            input_names=["faces"],
            output_names=["face", "mask"],
            dynamic_shapes={"faces": {0: torch.export.Dim("n")}},
            dynamo=True,
            verbose=False,
        )
    if program is None:
        raise BackendError("torch made no ONNX of the model.", "Try another version of torch and onnxscript.")
    program.model.metadata_props.update(properties)
    data: bytes = program.model_proto.SerializeToString()
    return data


def _compare(painter: _Painter, data: bytes) -> float:
    """The largest difference between torch and ONNX Runtime, for another number of faces than was exported with."""
    faces = sample_faces(painter.network.side, 3)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    results = session.run(["face", "mask"], {"faces": faces.numpy()})
    with torch.no_grad():
        expected = painter(faces)
    return max(float(np.abs(a - b.numpy()).max()) for a, b in zip(results, expected, strict=True))


@contextmanager
def _quiet() -> Iterator[None]:
    """The exporter warns of what it does not need, such as torchvision, and of its own future."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
