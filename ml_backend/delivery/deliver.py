"""Delivers a rendered film or sequence: encoded anew, marked, with its credentials."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from av.video.frame import VideoFrame

from ml_backend import atomic
from ml_backend.delivery.deliver_credentials import facts_of, made_from, sign_film, told_before
from ml_backend.delivery.deliver_frames import movie_footage, picture_footage
from ml_backend.delivery.deliver_swaps import (
    DeliveredSwap,
    consents,
    delivered_swaps,
    payload_for,
    refuse_comp_pictures,
)
from ml_backend.delivery.encode import write_film
from ml_backend.delivery.encode_choice import CONTAINERS, Codec, choose_encoding, is_deep
from ml_backend.delivery.encode_sound import sound_of
from ml_backend.delivery.sign import stranger, vouching
from ml_backend.delivery.sign_folder import sign_folder
from ml_backend.delivery.stopping import stop_or_tell
from ml_backend.delivery.watermark_reading import read_watermark
from ml_backend.errors import BackendError, UsageError
from ml_backend.folder_lock import hold
from ml_backend.media.frame import Frame, Pixels, Source
from ml_backend.media.movie_decode import first_frame
from ml_backend.media.source import open_source
from ml_backend.media.write import encode_png
from ml_backend.progress import Reporter
from ml_backend.provenance import audit
from ml_backend.provenance.credentials import Facts, load_signing
from ml_backend.provenance.credentials.facts import joined
from ml_backend.provenance.credentials.files import Made
from ml_backend.provenance.watermark import embed
from ml_backend.provenance.withdrawn import check_not_withdrawn

Kind = Literal["png", "jpg"]
_JPEG_QUALITY = 95
_FULL_COLOUR = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444


@dataclass(frozen=True)
class Delivery:
    """What is delivered and how.

    source: a movie, folder, pattern or picture. swaps: the folders of all swaps that are in it. out: FILE.mp4,
    FILE.mov, or a new folder for pictures. codec, crf: of a film; None: by `choose_encoding`. fps: of pictures that
    become a film; None: what the pictures or the swap's plate say. pictures: the kind of a folder's pictures. consent:
    a folder of records besides the user's own, whose list of what is revoked counts too.
    """

    source: Path
    swaps: Sequence[Path]
    out: Path
    codec: Codec | None = None
    crf: int | None = None
    fps: Fraction | None = None
    pictures: Kind | None = None
    watermark: bool = True
    consent: Path | None = None


def run_deliver(delivery: Delivery, reporter: Reporter) -> dict[str, Any]:
    """Write the delivery whole, or nothing.

    Returns out, frames, seconds, watermark (8 hex digits or None), signed_by, and strangers: the swaps that somebody
    signed whom this machine does not know.

    UsageError for what cannot be (a swap's own folder, an unknown kind of file …), BackendError for damaged footage
    and for swaps that are not as they were signed, ConsentRefused where consent was revoked since, Cancelled where the
    reporter asks to stop.
    """
    started = time.monotonic()
    swaps = delivered_swaps(delivery.swaps)
    refuse_comp_pictures(delivery.source, delivery.out)
    load_signing()  # what is wrong with a certificate shall be known before hours of work
    strangers = vouching(swaps, delivery.source)
    for folder in strangers:
        reporter.message(stranger(folder))
    film = _is_film(delivery)
    source = open_source(delivery.source)
    if source.info.bit_depth == 32:
        raise UsageError(
            f"{delivery.source} holds floating-point pictures, which belong into a comp.",
            "Render the edit or the comp as a film or as PNG first, and deliver that.",
        )
    before, of = told_before(delivery.source), made_from(delivery.source, swaps)
    people = joined([consents(swaps), *(told.get("people", {}) for told in before)])
    check_not_withdrawn(people, delivery.consent)
    payload, mark = _mark(delivery, swaps, reporter)

    def made() -> Facts:
        """What the credential says, once the pictures are made, nobody has withdrawn meanwhile, and the audit has the
        entry."""
        check_not_withdrawn(people, delivery.consent)
        entry: dict[str, str | int] = {
            "file": delivery.out.name,
            "watermark": mark or "none",
            "frames": len(source.numbers),
        }
        return facts_of(delivery.out.name, swaps, mark, audit.enter("deliver", consents(swaps), entry), before)

    with _alone(delivery.out):
        if film:
            signer = _deliver_film(delivery, source, payload, swaps, made, of, reporter)
        else:
            signer = _deliver_pictures(delivery, source, payload, made, of, reporter)
    return {
        "out": delivery.out,
        "frames": len(source.numbers),
        "seconds": round(time.monotonic() - started, 2),
        "watermark": mark,
        "signed_by": signer,
        "strangers": [str(folder) for folder in strangers],
    }


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Keep other deliveries of this name away, and remove what a killed one left. BackendError where one runs."""
    out.parent.mkdir(parents=True, exist_ok=True)
    lock = out.with_name(f".{out.name[:60]}.lock")  # of as many letters as its temporary files
    fix = f"If another delivery of {out} runs, wait for it."
    handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        with hold(lock, fix):
            if not lock.exists() or not os.path.samestat(os.fstat(handle), lock.stat()):  # one has just ended
                raise BackendError(f"The lock {lock} cannot be taken: it has just been removed.", fix)
            try:
                atomic.remove_parts(atomic.leftovers(out.parent, out.name))
                yield
            finally:
                with suppress(PermissionError):  # of Windows, while it is open
                    lock.unlink(missing_ok=True)
    finally:
        os.close(handle)  # last, since it gives up the lock


def _mark(delivery: Delivery, swaps: Sequence[DeliveredSwap], reporter: Reporter) -> tuple[int | None, str | None]:
    """What to embed, and what the credential calls the mark: one that is there stays, two would be unreadable."""
    if not delivery.watermark:
        return None, None
    there = read_watermark(delivery.source, ()).get("payload")
    if there is None:
        payload = payload_for(swaps)
        return payload, f"{payload:08x}"
    reporter.message(
        f"{delivery.source} has a mark already ({there}), which stays: the credentials name all swaps, the mark does "
        "not. Deliver the rendered film itself with --swap for each of them for a mark that does."
    )
    return None, str(there)


def _is_film(delivery: Delivery) -> bool:
    suffix = delivery.out.suffix.lower()
    if suffix in CONTAINERS and not delivery.out.is_dir():
        if delivery.pictures is not None:
            raise UsageError(f"{delivery.out} is a film, --pictures is for a folder.", "Leave --pictures out.")
        if delivery.out.exists() and delivery.source.exists() and delivery.out.samefile(delivery.source):
            raise UsageError(f"{delivery.out} is the film itself.", "Give the delivery another name.")
        return True
    if suffix and not delivery.out.is_dir():
        raise UsageError(f"{delivery.out} is of no kind that can be delivered.", "Name a .mp4, a .mov or a new folder.")
    if delivery.codec is not None or delivery.crf is not None:
        raise UsageError("--codec and --crf are for films.", "Name a .mp4 or a .mov, or leave them out.")
    if delivery.out.exists():
        raise UsageError(f"The folder {delivery.out} exists already.", "Name a new one, or delete it first.")
    return False


def _deliver_film(
    delivery: Delivery,
    source: Source,
    payload: int | None,
    swaps: Sequence[DeliveredSwap],
    made: Callable[[], Facts],
    of: Made,
    reporter: Reporter,
) -> str:
    movie = source.info.kind == "movie"
    like = first_frame(source.info.path) if movie else None
    container = CONTAINERS[delivery.out.suffix.lower()]
    size = (like.width, like.height) if like else (source.info.width, source.info.height)
    deep = is_deep(like) if like else source.info.bit_depth > 8
    how = choose_encoding(delivery.codec, container, delivery.crf, size, like, deep)
    if like and any(component.is_alpha for component in like.format.components):
        reporter.message(_opaque(source))
    if movie:
        footage = movie_footage(source)
    else:
        footage = picture_footage(source.info, _frames(source, reporter), _rate(delivery, source, swaps))
    part = atomic.temporary(delivery.out)
    try:
        with sound_of(source.info.path if movie else None, footage.begin) as sound:
            frames = _told(footage.frames(how, payload), len(source.numbers), reporter)
            write_film(part, container, footage.film, how, frames, sound)
        return sign_film(part, delivery.out, made(), of)
    finally:
        part.unlink(missing_ok=True)


def _deliver_pictures(
    delivery: Delivery,
    source: Source,
    payload: int | None,
    made: Callable[[], Facts],
    of: Made,
    reporter: Reporter,
) -> str:
    kind, count, told = delivery.pictures or "png", len(source.numbers), stop_or_tell("deliver", reporter)
    with atomic.new_folder(delivery.out) as folder:
        for done, frame in enumerate(_frames(source, reporter)):
            told(done, count)
            image = frame.image if payload is None else embed(frame.image, payload)
            data = encode_png(image) if kind == "png" else _jpeg(image)
            (folder / f"{frame.number:06d}.{kind}").write_bytes(data)
        reporter.progress("deliver", count, count)
        return sign_folder(folder, made(), of, stop_or_tell("sign", reporter)).name()


def _frames(source: Source, reporter: Reporter) -> Iterator[Frame]:
    """The frames, and a word where what is transparent in one is lost."""
    told = False
    for frame in source.frames():
        if frame.alpha is not None and not told:
            reporter.message(_opaque(source))
            told = True
        yield frame


def _opaque(source: Source) -> str:
    return (
        f"{source.info.path} has alpha, and a delivery has none: all of it is opaque. Lay it over what belongs "
        "beneath, and deliver that."
    )


def _told(frames: Iterator[VideoFrame], count: int, reporter: Reporter) -> Iterator[VideoFrame]:
    told = stop_or_tell("deliver", reporter)
    for done, frame in enumerate(frames):
        told(done, count)
        yield frame
    reporter.progress("deliver", count, count)


def _rate(delivery: Delivery, source: Source, swaps: Sequence[DeliveredSwap]) -> Fraction:
    """Frames a second of pictures that become a film."""
    if delivery.fps is not None:
        return delivery.fps
    if source.info.fps:
        return source.info.fps
    rates = {Fraction(swap.manifest.fps) for swap in swaps if swap.manifest.fps}
    if len(rates) != 1:
        raise UsageError(f"How fast the pictures of {source.info.path} follow each other is unknown.", "Add --fps 24.")
    return rates.pop()


def _jpeg(image: Pixels) -> bytes:
    """Without halving the colour's resolution."""
    eight = image if image.dtype == np.uint8 else np.asarray((image.astype(np.uint32) + 128) // 257, np.uint8)
    options = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, _FULL_COLOUR]
    done, data = cv2.imencode(".jpg", cv2.cvtColor(eight, cv2.COLOR_RGB2BGR), options)
    if not done:
        raise BackendError(f"A picture of shape {image.shape} cannot be stored as JPEG.", "Use --pictures png.")
    return data.tobytes()
