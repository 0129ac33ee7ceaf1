"""Bring an artist's repairs to footage: what was drawn by hand is measured in the pictures."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from ml_backend.faces.landmarks import Landmarker
from ml_backend.faces.repair import Repair, placed
from ml_backend.faces.repairing import Measured, measure, wanted_places
from ml_backend.faces.repairs import repairs_for
from ml_backend.faces.roi import Roi
from ml_backend.media.source import Source
from ml_backend.media.square_pixels import to_square

from .resolve import Footage


def with_repairs(footage: Footage, repairs: Sequence[Repair], source: Source, landmarker: Landmarker) -> Footage:
    """The footage with those of the repairs that are for it; of frames that were not looked at they wait.

    source: the same footage, with these frames.
    """
    looked_at = set(footage.frames) & set(source.numbers)
    there = to_square(source.info)
    here = {
        number: [placed(one, there) for one in ones]
        for number, ones in repairs_for(repairs, footage.path).items()
        if number in looked_at
    }
    places = wanted_places(repair for ones in here.values() for repair in ones)
    return replace(footage, repairs=here, measured=_measured(places, source, landmarker))


def _measured(
    places: Collection[tuple[int, Roi]], source: Source, landmarker: Landmarker
) -> dict[tuple[int, Roi], Measured]:
    rois: dict[int, list[Roi]] = {}
    for number, roi in places:
        rois.setdefault(number, []).append(roi)
    return {
        (frame.number, roi): found
        for frame in source.frames(sorted(rois))
        for roi, found in zip(rois[frame.number], measure(frame.image, rois[frame.number], landmarker), strict=True)
    }
