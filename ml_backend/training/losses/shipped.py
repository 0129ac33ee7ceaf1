"""The shipped recogniser as a torch network."""

import hashlib
from importlib.resources import files

import onnx
import torch
from onnx import numpy_helper

from ml_backend.errors import BackendError
from ml_backend.faces.onnx_model import SHA256
from ml_backend.networks.recogniser import Recogniser, freeze

NAME = "face_recognition"


def load_recogniser(device: torch.device) -> Recogniser:
    """The frozen network with the weights of face_recognition.onnx. Raises BackendError where the file is damaged."""
    file = files("ml_backend.weights").joinpath(f"{NAME}.onnx")
    try:
        data = file.read_bytes()
    except OSError as error:
        raise BackendError(f"The face model {file} cannot be read ({error}).", "Install the backend again.") from error
    if hashlib.sha256(data).hexdigest() != SHA256[NAME]:
        raise BackendError(f"The face model {file} is damaged: its SHA-256 is wrong.", "Install the backend again.")
    graph = onnx.load_model_from_string(data).graph
    recogniser = Recogniser()
    nodes = [node for node in graph.node if node.op_type == "Conv"]
    with torch.no_grad():
        for convolution, node in zip(recogniser.convolutions(), nodes, strict=True):
            convolution.weight.copy_(_value(graph, node.input[1]))
            assert convolution.bias is not None
            convolution.bias.copy_(_value(graph, node.input[2]))
        (product,) = [node for node in graph.node if node.op_type == "MatMul"]
        recogniser.embed.weight.copy_(_value(graph, product.input[1]).T)
    return freeze(recogniser).to(device)


def _value(graph: onnx.GraphProto, name: str) -> torch.Tensor:
    """A stored tensor in float32, or what is computed from stored ones: codes of 8 bits, less their zero, scaled."""
    for stored in graph.initializer:
        if stored.name == name:
            return torch.from_numpy(numpy_helper.to_array(stored).copy()).float()
    (node,) = [node for node in graph.node if name in node.output]
    given = [_value(graph, source) for source in node.input]
    match node.op_type:
        case "Cast":
            return given[0]
        case "Sub":
            return given[0] - given[1]
        case "Mul":
            return given[0] * given[1]
    raise ValueError(f"{name} is no weight but comes from {node.op_type}")
