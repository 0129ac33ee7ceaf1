"""The frames of a swap one after the other: decode, make, steady, paint and write, several at a time."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from ml_backend import atomic
from ml_backend.errors import BackendError
from ml_backend.faces.face import Face
from ml_backend.faces.jitter import Jitter
from ml_backend.media.ahead import ahead
from ml_backend.media.frame import Frame
from ml_backend.media.source import Source

from .around import around
from .crop_windows import crop_windows
from .footage import picture_states
from .in_order import WORKERS, in_order
from .inputs import frame_inputs
from .layer_file import LayerFormat, Window, encode, encode_again
from .making import Made
from .manifest import FrameRecord
from .plan import Plan
from .render import FaceRenderer
from .settings import Controls

WAITING = 2  # frames that are decoded before a worker is free


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
        windows = self.windows  # found here: only this thread may read the faces
        tasks = (
            partial(self._write, number, dict(near), windows.get(number), inputs[number], swap)
            for number, near in around(self._made(self._with_neighbours(pending)), self.controls.reach)
            if number in wanted
        )
        return in_order(tasks, WORKERS)

    def _made(self, numbers: Sequence[int]) -> Iterator[tuple[int, list[Made]]]:
        frames = ahead(self.beside.frames(numbers), WAITING) if numbers else iter(())
        tasks = (
            partial(self._make, number, frame, faces)
            for frame, (number, faces) in zip(frames, self.plan.faces(numbers), strict=True)
        )
        return in_order(tasks, WORKERS)

    def _make(self, number: int, frame: Frame, faces: Sequence[Face]) -> tuple[int, list[Made]]:
        return number, self.renderer.make(frame, faces)

    def _with_neighbours(self, numbers: Sequence[int]) -> list[int]:
        """The numbers and those around them that they are averaged with, as far as they could be looked at."""
        known = set(self.plan.footage.frames) & set(self.beside.numbers)
        reach = self.controls.reach
        around_them = {number + step for number in numbers for step in range(-reach, reach + 1)}
        return sorted(around_them & known)

    def _picture_state(self) -> Callable[[int], Any]:
        return picture_states(self.beside.info)

    def _write(
        self, number: int, near: Mapping[int, Sequence[Made]], window: Window | None, inputs: str, swap: str
    ) -> FrameRecord:
        layer = self.renderer.paint(number, near)
        file = self.how.file(number)
        try:
            data = encode(layer, number, self.how, window)
            atomic.write_bytes(self.out / file, data)
        except OSError as error:
            raise self._unwritable(file, error) from error
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

    @cached_property
    def windows(self) -> Mapping[int, Window]:
        """Where the file of each frame lies in its picture, where they are cropped."""
        if not self.how.crop:
            return {}
        faces = self.plan.faces(self.plan.footage.frames)
        return crop_windows(faces, self.controls, (self.how.width, self.how.height))

    def moved(self, record: FrameRecord) -> FrameRecord:
        """Write a frame that was cropped to another window again, cropped to the one that it has now.

        Frames that are made later can show larger faces. Raises BackendError where its file is damaged.
        """
        window, file = self.windows.get(record.number), self.out / record.file
        if window is None or record.window is None:
            raise ValueError(f"frame {record.number} is not cropped")
        data = encode_again(file, record.number, self.how, record.window, window)
        try:
            atomic.write_bytes(file, data)
        except OSError as error:
            raise self._unwritable(record.file, error) from error
        changed = {"window": window, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        return record.model_copy(update=changed)

    def _unwritable(self, file: str, error: OSError) -> BackendError:
        what = error.strerror or error
        return BackendError(f"{self.out / file} cannot be written: {what}.", "Make room; the same swap goes on.")
