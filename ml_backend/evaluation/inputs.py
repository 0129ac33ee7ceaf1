"""What an evaluation looks at: the swap, its plate and, where they are given, the truth and a mask."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ml_backend.errors import BackendError, UsageError
from ml_backend.media.colour import Colour
from ml_backend.media.frame import Pixels
from ml_backend.media.frame_range import parse_frames
from ml_backend.media.source import Source, as_plate, open_source
from ml_backend.media.square_pixels import as_filmed
from ml_backend.requests import EvaluateRequest, Plate
from ml_backend.swapping.blend import Mask, to_unit
from ml_backend.swapping.layer_file import choose_format
from ml_backend.swapping.manifest import MANIFEST, FrameRecord, Manifest, read_manifest
from ml_backend.swapping.settings import SwapSettings

from .layer import overlay


@dataclass(frozen=True)
class Pictures:
    """One frame. plate, swap, truth: H×W×3 RGB of one type; alpha, area: H×W float32 in 0–1.

    swap: the plate with the layer over it. area: where to compare with the truth.
    """

    number: int
    plate: Pixels
    swap: Pixels
    alpha: Mask
    truth: Pixels | None
    area: Mask | None


@dataclass(frozen=True)
class Inputs:
    """The frames `numbers`, which all of the sources have."""

    folder: Path
    manifest: Manifest
    records: Mapping[int, FrameRecord]
    numbers: Sequence[int]
    plate: Source
    truth: Source | None
    mask: Source | None
    layer_colour: Colour
    """What the values of the layers mean."""

    @property
    def most_faces(self) -> int:
        """The largest number of faces that were replaced on one of the frames."""
        return max((self.records[number].faces for number in self.numbers), default=0)

    def pictures(self, numbers: Sequence[int]) -> Iterator[Pictures]:
        """The pictures of some of the frames (ascending), one frame in memory at a time."""
        truths = self.truth.frames(numbers) if self.truth else (None for _ in numbers)
        masks = self.mask.frames(numbers) if self.mask else (None for _ in numbers)
        for plate, truth, mask in zip(self.plate.frames(numbers), truths, masks, strict=True):
            record = self.records[plate.number]
            over = overlay(self.folder, record, plate, self.layer_colour, self.plate.info.stored_size)
            yield Pictures(
                number=plate.number,
                plate=plate.image,
                swap=over.picture,
                alpha=over.alpha,
                truth=truth.image if truth else None,
                area=to_unit(mask.image).mean(2) if mask else None,
            )


def open_inputs(request: EvaluateRequest) -> Inputs:
    """Open and check all that the request names.

    Raises UsageError where there is no finished swap, or where footage is missing, of another size or without a frame
    of the swap; BackendError where files of the swap are missing or damaged.
    """
    if request.mask and not request.truth:
        raise UsageError("A mask says where to compare with the truth, and there is no truth.", "Give --truth too.")
    if not (request.swap / MANIFEST).is_file() and (request.swap / "journal.jsonl").is_file():
        raise UsageError(f"The swap in {request.swap} is not finished.", "Run the same swap again: it goes on.")
    manifest = read_manifest(request.swap)
    records = {record.number: record for record in manifest.frames}
    numbers = parse_frames(request.frames).select(sorted(records))
    missing = [number for number in numbers if not (request.swap / records[number].file).is_file()]
    if missing:
        raise BackendError(
            f"{request.swap / records[missing[0]].file} is missing: the swap lacks {len(missing)} of its frames.",
            "Run the same swap again: it makes what is missing.",
        )
    plate = as_filmed(_open(request.plate, numbers, request, manifest), manifest.pixel_aspect)
    truth = None
    if request.truth:
        truth = as_filmed(_open(request.truth, numbers, request, manifest), manifest.pixel_aspect)
    mask = as_filmed(open_source(request.mask, numbers), manifest.pixel_aspect) if request.mask else None
    for source in (plate, truth, mask):
        if source is not None:
            _check(source, numbers, manifest)
    if plate.info.bit_depth != manifest.bit_depth:
        raise BackendError(
            f"{plate.info.path} has {plate.info.bit_depth} bit, the plate of the swap had {manifest.bit_depth}.",
            "Give the plate of this swap, or swap again.",
        )
    how = choose_format(SwapSettings.model_validate(manifest.settings), plate.info, plate.colour)
    if how.colour.name != manifest.colour:
        raise UsageError(
            f"The layers of {request.swap} are {manifest.colour}, those of a plate like {plate.info.path} would be "
            f"{how.colour.name}.",
            "Say the plate's colour space with --colourspace.",
        )
    return Inputs(request.swap, manifest, records, numbers, plate, truth, mask, how.colour)


def _open(footage: str | Plate, numbers: Sequence[int], request: EvaluateRequest, manifest: Manifest) -> Source:
    """Read in the colour space that is given, else in that of its plate file, else as the swap has read its plate."""
    plate = as_plate(footage, request.colourspace, request.ocio)
    if plate.colourspace is None:
        ocio = manifest.plate.get("ocio")
        plate = as_plate(plate, manifest.plate.get("colourspace"), request.ocio or (Path(ocio) if ocio else None))
    return open_source(plate, numbers)


def _check(source: Source, numbers: Sequence[int], manifest: Manifest) -> None:
    missing = sorted(set(numbers) - set(source.numbers))
    if missing:
        raise UsageError(
            f"{source.info.path} has no frame {missing[0]}; the swap has {numbers[0]}-{numbers[-1]}.",
            "Choose the frames that both have with --frames.",
        )
    width, height = source.info.stored_size
    if (width, height) != (manifest.width, manifest.height):
        raise UsageError(
            f"{source.info.path} is {width}×{height}, and the swap {manifest.width}×{manifest.height}.",
            "Give the footage that belongs to this swap.",
        )
