"""The frames of a swap one after the other: decode, make, steady, paint and write, several at a time."""

import hashlib
import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ml_backend import atomic
from ml_backend.errors import BackendError
from ml_backend.faces.face import Face
from ml_backend.faces.jitter import Jitter
from ml_backend.media.ahead import ahead
from ml_backend.media.source import Source

from .around import around
from .footage import picture_states
from .in_order import in_order
from .inputs import frame_inputs
from .layer_file import LayerFormat, encode
from .making import Made
from .manifest import FrameRecord
from .plan import Plan
from .render import FaceRenderer
from .settings import Controls

WORKERS = max(1, min(4, (os.cpu_count() or 1)))  # more only wait for the network, which makes one face at a time


@dataclass(frozen=True)
class Frames:
    """beside: the plate, with the frames around the chosen ones that these are averaged with."""

    beside: Source
    plan: Plan
    renderer: FaceRenderer
    controls: Controls
    how: LayerFormat
    out: Path

    def inputs(self, numbers: Sequence[int], made_by: Mapping[str, Any]) -> tuple[dict[int, str], float | None]:
        """The hash of what decides each frame's pixels, and the jitter of the faces' places."""
        meters: dict[int, Jitter] = defaultdict(Jitter)
        jitter: list[float] = []
        chosen = set(numbers)

        def faces() -> Iterator[tuple[int, list[Face]]]:
            for number, found in self.plan.faces(self._with_neighbours(numbers)):
                for face in found if number in chosen else ():
                    measured = meters[face.track](number, face.landmarks)
                    if measured:
                        jitter.append(measured[1])
                yield number, found

        all_inputs = frame_inputs(faces(), self.controls, made_by, self._picture_state())
        inputs = {number: value for number, value in all_inputs if number in chosen}
        return inputs, sum(jitter) / len(jitter) if jitter else None

    def make(self, pending: Sequence[int], inputs: Mapping[int, str], swap: str) -> Iterator[FrameRecord]:
        """Make and write the frames `pending` (ascending); a record comes when its file is on disk."""
        wanted = set(pending)
        tasks = (
            partial(self._write, number, dict(near), inputs[number], swap)
            for number, near in around(self._made(self._with_neighbours(pending)), self.controls.reach)
            if number in wanted
        )
        return in_order(tasks, WORKERS)

    def _made(self, numbers: Sequence[int]) -> Iterator[tuple[int, list[Made]]]:
        frames = ahead(self.beside.frames(numbers)) if numbers else iter(())
        for frame, (number, faces) in zip(frames, self.plan.faces(numbers), strict=True):
            yield number, self.renderer.make(frame, faces)

    def _with_neighbours(self, numbers: Sequence[int]) -> list[int]:
        """The numbers and those around them that they are averaged with, as far as they could be looked at."""
        known = set(self.plan.footage.frames) & set(self.beside.numbers)
        reach = self.controls.reach
        around_them = {number + step for number in numbers for step in range(-reach, reach + 1)}
        return sorted(around_them & known)

    def _picture_state(self) -> Callable[[int], Any]:
        return picture_states(self.beside.info)

    def _write(self, number: int, near: Mapping[int, Sequence[Made]], inputs: str, swap: str) -> FrameRecord:
        layer = self.renderer.paint(number, near)
        file = self.how.file(number)
        try:
            data, window = encode(layer, number, self.how)
            atomic.write_bytes(self.out / file, data)
        except OSError as error:
            what = error.strerror or error
            raise BackendError(
                f"{self.out / file} cannot be written: {what}.", "Make room; the same swap goes on."
            ) from error
        return FrameRecord(
            number=number,
            file=file,
            faces=len(near[number]),
            sha256=hashlib.sha256(data).hexdigest(),
            transforms=[made.matrix.tolist() for made in near[number]],
            confidence=[round(made.confidence, 4) for made in near[number]],
            window=window,
            bytes=len(data),
            inputs=inputs,
            swap=swap,
        )
