"""The frames of a swap one after the other: decode, make, steady, paint and write, several at a time."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from ml_backend import atomic
from ml_backend.errors import BackendError, is_full_disk
from ml_backend.faces.face import Face
from ml_backend.faces.jitter import Jitter
from ml_backend.media.ahead import ahead
from ml_backend.media.colour import LightColour
from ml_backend.media.frame import Frame
from ml_backend.media.source import Source
from ml_backend.media.square_pixels import to_square
from ml_backend.media.timecode_words import Timecode

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

MOSTLY = 0.25  # of a face
DARK = 0.035  # of white's light: a face that is darker on the whole shows a network little
WAITING = 2  # frames that are decoded before a worker is free


@dataclass(frozen=True)
class Frames:
    """beside: the plate, with the frames around the chosen ones that these are averaged with.

    elsewhere: the hash of what decides the pixels of other frames that were asked about, as far as it is known.
    burnt: those of the frames made so far whose face is mostly as bright as a display can show, on a plate that holds
    more than that. dark: those of them on which the light of a face is below DARK, and how much of white's it is.
    """

    beside: Source
    plan: Plan
    renderer: FaceRenderer
    controls: Controls
    how: LayerFormat
    out: Path
    elsewhere: dict[int, str] = field(default_factory=dict, init=False)
    burnt: set[int] = field(default_factory=set, init=False)
    dark: dict[int, float] = field(default_factory=dict, init=False)

    def inputs(self, numbers: Sequence[int], made_by: Mapping[str, Any]) -> dict[int, str]:
        """The hash of what decides each frame's pixels."""
        chosen = set(numbers)
        faces = self.plan.faces(self._with_neighbours(numbers))
        all_inputs = frame_inputs(faces, self.controls, made_by, self._picture_state())
        return {number: value for number, value in all_inputs if number in chosen}

    def jitter(self, numbers: Sequence[int]) -> dict[int, float]:
        """How much the places of the faces tremble on each of these frames, as far as it can be measured.

        The same whatever is asked for at a time: the frames beside these are looked at too, where they are known.
        """
        meters: dict[int, Jitter] = defaultdict(Jitter)
        measured: dict[int, list[float]] = defaultdict(list)
        for number, found in self.plan.faces(self._with_neighbours(numbers, least=1)):
            for face in found:
                known = meters[face.track](number, face.landmarks)
                if known:
                    measured[known[0]].append(known[1])
        return {number: round(fmean(measured[number]), 4) for number in numbers if measured[number]}

    def make(self, pending: Sequence[int], inputs: Mapping[int, str], swap: str) -> Iterator[FrameRecord]:
        """Make and write the frames `pending` (ascending); a record comes when its file is on disk."""
        wanted, jitter = set(pending), self.jitter(pending)
        windows = self.windows  # found here: only this thread may read the faces
        codes: dict[int, Timecode | None] = {}  # of the frames that were decoded
        made = around(self._made(self._with_neighbours(pending), codes), self.controls.reach)

        def tasks() -> Iterator[Callable[[], FrameRecord]]:
            for number, near in made:
                if number in wanted:
                    about = {"inputs": inputs[number], "swap": swap, "jitter": jitter.get(number)}
                    yield partial(self._write, number, dict(near), windows.get(number), codes[number], about)

        return in_order(tasks(), WORKERS)

    def _made(
        self, numbers: Sequence[int], codes: MutableMapping[int, Timecode | None]
    ) -> Iterator[tuple[int, list[Made]]]:
        """Number and made faces of each frame; its time code is in `codes` by then."""
        frames = ahead(self.beside.frames(numbers), WAITING) if numbers else iter(())

        def tasks() -> Iterator[Callable[[], tuple[int, list[Made]]]]:
            for frame, (number, faces) in zip(frames, self.plan.faces(numbers), strict=True):
                codes[number] = frame.timecode
                yield partial(self._make, number, frame, faces)

        return in_order(tasks(), WORKERS)

    def _make(self, number: int, frame: Frame, faces: Sequence[Face]) -> tuple[int, list[Made]]:
        made = self.renderer.make(frame, faces)
        if isinstance(self.beside.colour, LightColour) and any(one.measured.burnt > MOSTLY for one in made):
            self.burnt.add(number)
        light = min((one.measured.light for one in made), default=1.0)
        if light < DARK:
            self.dark[number] = light
        return number, made

    def _with_neighbours(self, numbers: Sequence[int], least: int = 0) -> list[int]:
        """The numbers and those around them that they are averaged with, as far as they could be looked at.

        least: so many on each side at least.
        """
        known = set(self.plan.footage.frames) & set(self.beside.numbers)
        reach = max(self.controls.reach, least)
        around_them = {number + step for number in numbers for step in range(-reach, reach + 1)}
        return sorted(around_them & known)

    def _picture_state(self) -> Callable[[int], Any]:
        return picture_states(self.beside.info)

    def _write(
        self,
        number: int,
        near: Mapping[int, Sequence[Made]],
        window: Window | None,
        timecode: Timecode | None,
        about: Mapping[str, Any],
    ) -> FrameRecord:
        """about: what else the frame's record says."""
        layer = self.renderer.paint(number, near)
        stored = np.vstack([to_square(self.beside.info), [0, 0, 1]])
        file = self.how.file(number)
        try:
            data = encode(layer, self.how, window, timecode)
            atomic.write_bytes(self.out / file, data)
        except OSError as error:
            raise self._unwritable(file, error) from error
        return FrameRecord(
            number=number,
            file=file,
            faces=len(near[number]),
            sha256=hashlib.sha256(data).hexdigest(),
            transforms=[(made.matrix @ stored).tolist() for made in near[number]],
            confidence=[round(made.confidence, 4) for made in near[number]],
            window=window,
            bytes=len(data),
            timecode=timecode.text if timecode else None,
            **about,
        )

    @cached_property
    def windows(self) -> Mapping[int, Window]:
        """Where the file of each frame lies in its picture, where they are cropped."""
        if not self.how.crop:
            return {}
        faces = self.plan.faces(self.plan.footage.frames)
        return crop_windows(faces, self.controls, self.how.made, self.how.stored)

    def moved(self, record: FrameRecord) -> FrameRecord:
        """Write a frame that was cropped to another window again, cropped to the one that it has now.

        Frames that are made later can show larger faces. Raises BackendError where its file is damaged.
        """
        window, file = self.windows.get(record.number), self.out / record.file
        if window is None or record.window is None:
            raise ValueError(f"frame {record.number} is not cropped")
        data = encode_again(file, self.how, record.window, window)
        try:
            atomic.write_bytes(file, data)
        except OSError as error:
            raise self._unwritable(record.file, error) from error
        changed = {"window": window, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        return record.model_copy(update=changed)

    def _unwritable(self, file: str, error: OSError) -> BackendError:
        what = error.strerror or error
        fix = "Make room" if is_full_disk(error) else f"See that {self.out} is there and can be written"
        return BackendError(f"{self.out / file} cannot be written: {what}.", f"{fix}; the same swap goes on.")
