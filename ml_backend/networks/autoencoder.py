"""What every family of autoencoders has in common.

      faces of A ─┐                        ┌─► painted as A: face, mask
      faces of B ─┼─► encode ─► shared ────┼─► painted as B: face, mask
      faces of C ─┘                        └─► painted as C: face, mask

What is shared sees all identities, so the code can only hold what faces have in common: expression, pose and light.
To swap, the performer's face goes in and comes out painted as the identity. The families differ in where a person's
likeness sits: see df.py, liae.py, classic.py and progressive.py.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from .architecture import Architecture
from .blocks import Stages


class Rebuilt(NamedTuple):
    """What comes out for N faces."""

    face: Tensor  # N×3×R×R RGB, float32 in 0–1
    mask: Tensor  # N×1×R×R, float32 logits: high where the face is
    code: Tensor  # N×C, what the shared part knows of the faces that went in


class Autoencoder(nn.Module, ABC):
    """An autoencoder of two or more identities; build one with `families.build_autoencoder`.

    Faces are N×3×R×R RGB in 0–1, R being `side`.
    """

    def __init__(self, architecture: Architecture, identities: Sequence[str]) -> None:
        """Raises ValueError where two identities have the same name."""
        super().__init__()
        if len(set(identities)) < len(identities):
            raise ValueError(f"identities must differ, these do not: {', '.join(identities)}")
        self.architecture = architecture
        self.identities = tuple(identities)

    @abstractmethod
    def encode(self, faces: Tensor) -> tuple[Tensor, ...]:
        """What the shared part makes of N faces: first the code N×C, then what else painting needs, N first."""

    @abstractmethod
    def decode(self, encoded: Sequence[Tensor], identity: str) -> tuple[Tensor, Tensor]:
        """Paint what `encode` gave as `identity`: faces N×3×R×R in 0–1, mask logits N×1×R×R, both float32."""

    @abstractmethod
    def own(self, identity: str) -> list[nn.Module]:
        """The modules that belong to this identity alone."""

    def likeness(self, identity: str) -> list[nn.Module]:
        """The modules from which the own ones of a new identity can begin, if it should begin like `identity`."""
        return self.own(identity)

    def forward(
        self, faces: Mapping[str, Tensor], swaps: Sequence[tuple[str, str]] = ()
    ) -> dict[tuple[str, str], Rebuilt]:
        """Rebuild each identity's faces as its own, and paint some as another.

        swaps, and the keys of what is returned: (whose faces go in, as whom they come out). Keys (name, name) are
        there for each of `faces`. All go through the encoder as one batch: it is faster, and data-parallel training
        needs a single pass. What comes out as the same identity is painted as one batch, too.
        """
        sizes = [len(x) for x in faces.values()]
        encoded = self.encode(torch.cat(list(faces.values())))
        parts = dict(zip(faces, zip(*(torch.split(x, sizes) for x in encoded), strict=True), strict=True))
        wanted = list(dict.fromkeys([*((name, name) for name in faces), *swaps]))
        made: dict[tuple[str, str], Rebuilt] = {}
        for out in dict.fromkeys(out for _, out in wanted):
            sources = [source for source, to in wanted if to == out]
            chosen = [parts[source] for source in sources]
            together = chosen[0] if len(chosen) == 1 else [torch.cat(x) for x in zip(*chosen, strict=True)]
            counts = [len(faces[source]) for source in sources]
            painted = zip(*(torch.split(x, counts) for x in self.decode(together, out)), strict=True)
            for source, (face, mask) in zip(sources, painted, strict=True):
                made[source, out] = Rebuilt(face, mask, parts[source][0])
        return {key: made[key] for key in wanted}

    def swap(self, faces: Tensor, identity: str) -> tuple[Tensor, Tensor]:
        """Anybody's faces N×3×R×R painted as `identity`: N×3×R×R in 0–1, and the mask N×1×R×R in 0–1."""
        face, mask = self.decode(self.encode(faces), identity)
        return face, torch.sigmoid(mask)

    def shared_parameters(self) -> Iterator[nn.Parameter]:
        """The parameters that belong to no identity alone."""
        owned = {id(p) for name in self.identities for module in self.own(name) for p in module.parameters()}
        return (p for p in self.parameters() if id(p) not in owned)

    @property
    def code_size(self) -> int:
        """Numbers in the code of a face."""
        return self.architecture.code

    @property
    def side(self) -> int:
        """The side of the faces that go in and come out now, in pixels."""
        return self.architecture.resolution

    def grow(self, side: float) -> None:
        """Work at this side from now on. Only the progressive family can; others raise ValueError."""
        if side != self.architecture.resolution:
            raise ValueError(f"a {self.architecture.family} network works at {self.architecture.resolution} only")

    @property
    def gradient_checkpointing(self) -> bool:
        """Whether the stages are computed again for the backward pass, for less memory and more time."""
        return any(module.recompute for module in self.modules() if isinstance(module, Stages))

    @gradient_checkpointing.setter
    def gradient_checkpointing(self, value: bool) -> None:
        for module in self.modules():
            if isinstance(module, Stages):
                module.recompute = value
