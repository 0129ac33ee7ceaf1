"""The mesh network in torch, with the weights of its ONNX file as parameters; and the file with other weights."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
import torch
from torch import Tensor, nn
from torch.nn import functional

Attributes = dict[str, Any]


def _conv(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
    x, weight, *bias = inputs
    top, left, bottom, right = attributes.get("pads", [0, 0, 0, 0])
    if any((top, left, bottom, right)):
        x = functional.pad(x, (left, right, top, bottom))
    strides = tuple(attributes.get("strides", [1, 1]))
    return functional.conv2d(x, weight, bias[0] if bias else None, strides, groups=attributes.get("group", 1))


def _pad(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
    starts, ends = inputs[1].reshape(2, -1).tolist()
    return functional.pad(inputs[0], [n for pair in reversed(list(zip(starts, ends, strict=True))) for n in pair])


def _slice(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
    x, starts, ends, axes = inputs[0], *(part.tolist() for part in inputs[1:4])
    for start, end, axis in zip(starts, ends, axes, strict=True):
        x = x.narrow(axis, start, min(end, x.shape[axis]) - start)
    return x


def _reshape(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
    return inputs[0].reshape(inputs[1].tolist())


def _max_pool(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
    return functional.max_pool2d(inputs[0], attributes["kernel_shape"], attributes["strides"])


def _grid_sample(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
    return functional.grid_sample(inputs[0], inputs[1], "bilinear", "zeros", bool(attributes["align_corners"]))


def _reduced(reduce: Callable[..., Tensor]) -> Callable[[Sequence[Tensor], Attributes], Tensor]:
    return lambda inputs, attributes: reduce(inputs[0], dim=attributes["axes"], keepdim=bool(attributes["keepdims"]))


_RUN: dict[str, Callable[[Sequence[Tensor], Attributes], Tensor]] = {
    "Add": lambda i, a: i[0] + i[1],
    "Cast": lambda i, a: i[0],  # of weights, which are float32 here
    "Concat": lambda i, a: torch.cat(list(i), a["axis"]),
    "Conv": _conv,
    "Div": lambda i, a: i[0] / i[1],
    "Gather": lambda i, a: torch.index_select(i[0], a["axis"], i[1].reshape(-1)).reshape(
        *i[0].shape[: a["axis"]], *i[1].shape, *i[0].shape[a["axis"] + 1 :]
    ),
    "GridSample": _grid_sample,
    "Identity": lambda i, a: i[0],
    "MatMul": lambda i, a: i[0] @ i[1],
    "MaxPool": _max_pool,
    "Mul": lambda i, a: i[0] * i[1],
    "Pad": _pad,
    "ReduceL2": _reduced(torch.linalg.vector_norm),
    "ReduceMax": _reduced(torch.amax),
    "ReduceMean": _reduced(torch.mean),
    "ReduceMin": _reduced(torch.amin),
    "Relu": lambda i, a: torch.relu(i[0]),
    "Reshape": _reshape,
    "Sigmoid": lambda i, a: torch.sigmoid(i[0]),
    "Slice": _slice,
    "Sub": lambda i, a: i[0] - i[1],
    "Transpose": lambda i, a: i[0].permute(a["perm"]),
}


class OnnxNetwork(nn.Module):
    """An ONNX graph, node by node; what its file stores as weights (`w_…`, `b_…`, `slope_…`) is learned.

    Called with N×3×192×192 RGB in 0–255: points N×478×3 in the crop's pixels and the score's logit N.
    """

    def __init__(self, model: onnx.ModelProto) -> None:
        super().__init__()
        self._nodes = list(model.graph.node)
        self._attributes = [
            {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute} for node in self._nodes
        ]
        self._weights, self._constants = nn.ParameterDict(), dict[str, Tensor]()
        for stored in model.graph.initializer:
            values = torch.from_numpy(np.array(onnx.numpy_helper.to_array(stored)))
            if stored.name.startswith(("w_", "b_", "slope_")):
                self._weights[stored.name] = nn.Parameter(values.float())
            else:
                self._constants[stored.name] = values
        self._logit = next(node.input[0] for node in self._nodes if node.op_type == "Sigmoid")

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        values: dict[str, Tensor] = {"image": images, **self._constants, **self._weights}
        for node, attributes in zip(self._nodes, self._attributes, strict=True):
            values[node.output[0]] = _RUN[node.op_type]([values[name] for name in node.input if name], attributes)
        return values["points"], values[self._logit].reshape(-1)

    def written_into(self, model: onnx.ModelProto) -> onnx.ModelProto:
        """The ONNX model with these weights, stored in the types that its own have."""
        changed = onnx.ModelProto()
        changed.CopyFrom(model)
        for stored in changed.graph.initializer:
            if stored.name in self._weights:
                kind = onnx.helper.tensor_dtype_to_np_dtype(stored.data_type)
                values = self._weights[stored.name].detach().numpy().astype(kind)
                stored.CopyFrom(onnx.numpy_helper.from_array(values, stored.name))
        return changed
