"""A df autoencoder with one decoder for many people, told by a scale and a shift of every channel whom to paint.

Each convolution's output, before its activation, is multiplied by 1 + scale and moved by shift, which are learned for
each person and channel. That is the same as another weight and bias of the convolution, so that the decoder of any
person, or of the mean of all, is a plain one.

Source: Perez et al., "FiLM: Visual Reasoning with a General Conditioning Layer", 2018; the idea of a comb of decoders
from one universal one: Naruniec et al., "High-Resolution Neural Face Swapping for Visual Effects", 2020.
"""

from typing import Any

import torch
from torch import Tensor, nn

from ml_backend.networks.architecture import Architecture
from ml_backend.networks.families import build_autoencoder


class Conditioned(nn.Module):
    """Encoder and inter of `architecture`, and one conditioned decoder for `people` people."""

    def __init__(self, architecture: Architecture, people: int) -> None:
        super().__init__()
        whole: Any = build_autoencoder(architecture, ["base"])
        self.encoder, self.inter, self.decoder = whole.encoder, whole.inter, whole.decoders[0]
        self._convolutions = [module for module in self.decoder.modules() if isinstance(module, nn.Conv2d)]
        sizes = [module.out_channels for module in self._convolutions]
        self.scales = nn.ParameterList([nn.Parameter(torch.zeros(people, size)) for size in sizes])
        self.shifts = nn.ParameterList([nn.Parameter(torch.zeros(people, size)) for size in sizes])
        self._now: tuple[list[Tensor], list[Tensor]] | None = None
        for number, module in enumerate(self._convolutions):
            module.register_forward_hook(lambda _module, _given, out, number=number: self._condition(number, out))

    def _condition(self, number: int, out: Tensor) -> Tensor:
        assert self._now is not None
        scale, shift = self._now[0][number], self._now[1][number]
        return torch.addcmul(shift[:, :, None, None], out, scale[:, :, None, None])

    def forward(self, faces: Tensor, people: Tensor | None) -> tuple[Tensor, Tensor]:
        """N×3×R×R faces painted as N people (None: as the mean of all): N×3×R×R in 0–1, mask logits N×1×R×R."""
        n = len(faces)
        if people is None:
            chosen = [[table.mean(0, keepdim=True).expand(n, -1) for table in tables] for tables in self._tables()]
        else:
            chosen = [[table[people] for table in tables] for tables in self._tables()]
        self._now = ([1 + scale for scale in chosen[0]], chosen[1])
        made: tuple[Tensor, Tensor] = self.decoder(self.inter(self.encoder(faces)))
        self._now = None
        return made

    def _tables(self) -> tuple[nn.ParameterList, nn.ParameterList]:
        return self.scales, self.shifts

    @torch.no_grad()
    def folded(self, person: int | None = None) -> dict[str, Tensor]:
        """The tensors of a plain base, with the conditioning of a person, or of the mean, in the convolutions."""
        decoder = {name: value.clone() for name, value in self.decoder.state_dict().items()}
        names = [name for name, module in self.decoder.named_modules() if isinstance(module, nn.Conv2d)]
        for name, scales, shifts in zip(names, self.scales, self.shifts, strict=True):
            scale = 1 + (scales.mean(0) if person is None else scales[person])
            decoder[f"{name}.weight"] *= scale[:, None, None, None]
            decoder[f"{name}.bias"] *= scale
            decoder[f"{name}.bias"] += shifts.mean(0) if person is None else shifts[person]
        parts = {"encoder": self.encoder.state_dict(), "inter": self.inter.state_dict(), "decoder": decoder}
        return {f"{part}.{name}": value.clone() for part, tensors in parts.items() for name, value in tensors.items()}

    def unfold(self, base: dict[str, Tensor]) -> None:
        """Take the tensors of a plain base; nobody is told apart by the decoder then, as at the start."""
        for part, module in (("encoder", self.encoder), ("inter", self.inter), ("decoder", self.decoder)):
            start = f"{part}."
            module.load_state_dict({name[len(start) :]: base[name] for name in base if name.startswith(start)})
