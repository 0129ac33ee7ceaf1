"""The extract job: sources in, one person's faceset out.

First everybody in the footage is followed, then it is decided who is wanted, and only that person's faces are stored.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from ml_backend import atomic
from ml_backend.errors import BackendError, UsageError
from ml_backend.faces.alignment import FRAMINGS, STORED_MARGIN
from ml_backend.faces.detection import CenterFace, SmallestFace
from ml_backend.faces.landmarks import Landmarker, open_landmarker
from ml_backend.faces.recognition import Recogniser, distance
from ml_backend.faces.repairs import FILE as REPAIRS
from ml_backend.faces.repairs import read_repairs
from ml_backend.faces.tracking import FaceTracker
from ml_backend.media.cautions import cautions
from ml_backend.media.readable import require_unicode
from ml_backend.media.sequence_files import photos_in
from ml_backend.media.source import Source, as_plate, open_source, what_is_missing
from ml_backend.media.square_pixels import as_filmed
from ml_backend.memory import peak_rss_mb
from ml_backend.progress import Reporter
from ml_backend.provenance import audit
from ml_backend.provenance.content_hook import chosen, require_allowed
from ml_backend.provenance.gate import Granted, Purpose, check_bound, check_name_of_faces, refusals_entered, require
from ml_backend.requests import ExtractRequest, Plate

from .grouping import Person, group
from .likeness import SAME_MEAN, notice_others
from .mending import with_repairs
from .observations import Observations
from .observe import observe
from .people import Look, choose, look_at
from .people_picture import draw_people
from .persons import middle
from .resolve import Footage
from .store import Faceset, FacesetInfo
from .storing import Storing
from .wanted import Picture, parse_wanted

SIZES = (128, 192, 256, 384, 512, 768, 1024)  # of stored crops, where the request names none
PEOPLE = "people.png"


def run_extract(request: ExtractRequest, reporter: Reporter) -> dict[str, Any]:
    """Extract the wanted person's faces of all sources; what was done before is not done again.

    A source is known by its path. Raises ConsentRefused where the faces shall be those of an `identity` who has not
    agreed to have them learned, UsageError for a source that is not there and where it is not clear who is wanted,
    BackendError for one that is damaged or where another process extracts into the same faceset, Cancelled when asked
    to stop. What was found until then stays and the same request goes on from it.
    """
    started = time.monotonic()
    granted = _permitted(request)
    if request.photos:
        request = _each_photo(request, reporter)
    sources = [_open(source, request.frames, request) for source in request.sources]
    for opened, source in zip(request.sources, sources, strict=True):
        require_unicode(source.info.path.resolve())
        missing = what_is_missing(source, opened, request.frames)
        if missing:
            reporter.message(f"{missing} Those are looked at.")
        pictures = (frame.image for frame in source.frames(chosen(source.numbers)))
        require_allowed(partial(list, pictures), "extract", source.info.path.name)
        for caution in cautions(source.info):
            reporter.message(caution)
    meant = parse_wanted(request.person)
    look = cache(look_at)
    if isinstance(meant, Picture):  # what is wrong with it shall be known before hours of work
        look(meant.path)
    landmarker = open_landmarker(request.landmarks, request.fan_weights)
    _check_settings(request, landmarker, sources)
    if granted is not None:
        facts = {"faceset": request.faceset.name, "sources": ", ".join(source.info.path.name for source in sources)}
        audit.enter("extract", granted.hashes(), facts | _purpose(request).facts())
    Faceset.make_folder(request.faceset)
    file = request.faceset / "observations.sqlite"
    request = _as_searched(request, file)
    settings = {"landmarks": landmarker.id, "average": request.average}
    if request.smallest is not None:
        settings["smallest"] = request.smallest
    with Faceset.lock(request.faceset), Observations.open(file, settings) as seen:
        atomic.remove_leftovers(request.faceset)
        atomic.remove_leftovers(request.faceset / "faces")
        extraction = _Extraction(request, sources, landmarker, seen, granted, look=look, reporter=reporter)
        try:
            extraction.look()
        except BackendError:  # a frame that cannot be read: keep the faces of those before it
            with suppress(BackendError):
                extraction.store()
            raise
        counts = extraction.store()
    if granted is not None:
        notice_others(Faceset.open(request.faceset), next(iter(granted.records.values())), reporter)
    return {
        **counts,
        "faceset": str(request.faceset),
        "seconds": round(time.monotonic() - started, 3),
        "peak_rss_mb": round(peak_rss_mb(), 1),
    }


def _each_photo(request: ExtractRequest, reporter: Reporter) -> ExtractRequest:
    """The request with the pictures of its folders as sources of their own. UsageError for a range of frames."""
    if request.frames is not None:
        raise UsageError(
            f"Photos are no frames, and the frames {request.frames} are asked for.",
            "Leave out one of both; extract footage by itself.",
        )
    sources: list[str | Plate] = []
    for source in request.sources:
        plate = as_plate(source)
        folder = Path(plate.source)
        if not folder.is_dir():
            sources.append(source)
            continue
        photos, unread = photos_in(folder)
        sources += [plate.model_copy(update={"source": str(photo)}) for photo in photos]
        if unread:
            reporter.message(f"HEIC cannot be read, so {len(unread)} pictures of {folder} are left out: {unread[0]} …")
    return request.model_copy(update={"sources": sources})


def _open(source: str | Plate, frames: str | None, request: ExtractRequest) -> Source:
    return as_filmed(open_source(source, frames, request.colourspace, request.ocio))


def _as_searched(request: ExtractRequest, observations: Path) -> ExtractRequest:
    """The request with the smallest face that this faceset was searched for, where it does not say another."""
    if request.smallest is not None:
        return request
    return request.model_copy(update={"smallest": Observations.settings(observations).get("smallest")})


def _purpose(request: ExtractRequest) -> Purpose:
    return Purpose("train", request.consent, request.project, request.shot)


def _permitted(request: ExtractRequest) -> Granted | None:
    """The consent of the person whose faces these shall be; None where they are nobody's yet."""
    present = Faceset.open(request.faceset).info if (request.faceset / "faceset.json").exists() else None
    name = request.identity or (present.identity if present else None)
    if name is None:
        return None
    granted = require([name], _purpose(request))
    if present is not None:
        with refusals_entered([name], _purpose(request)):
            check_name_of_faces(present.identity, name, request.faceset)
            check_bound({name: present.consent} if present.consent else {}, granted)
    return granted


def _check_settings(request: ExtractRequest, landmarker: Landmarker, sources: Sequence[Source]) -> None:
    """Does the request fit the faceset that is there? Before hours of work, not after them. Raises UsageError."""
    if not (request.faceset / "faceset.json").exists():
        return
    present = Faceset.open(request.faceset)
    Faceset.create(request.faceset, _info(request, landmarker, request.size or present.info.size, None))
    known, stretched = {path for path, _, _ in present.frames()}, present.stretched()
    for source in sources:
        path = source.info.path.resolve()
        if path in known and stretched.get(str(path), (1.0, 1.0)) != source.info.stretched:
            raise UsageError(
                f"{request.faceset} has faces of {source.info.path} with pixels of another shape.",
                "Say the pixel_aspect that it was extracted with, or choose a new faceset.",
            )


def _info(request: ExtractRequest, landmarker: Landmarker, size: int, granted: Granted | None) -> FacesetInfo:
    framing = FRAMINGS[request.framing].with_margin(STORED_MARGIN)
    return FacesetInfo.model_validate(
        {
            "identity": request.identity,
            "consent": None if granted is None else next(iter(granted.hashes().values())),
            "landmark_model": landmarker.id,
            "size": size,
            "framing": framing.name,
            "framing_side": framing.side,
            "framing_down": framing.down,
        }
    )


class _Extraction:
    def __init__(
        self,
        request: ExtractRequest,
        sources: Sequence[Source],
        landmarker: Landmarker,
        observations: Observations,
        granted: Granted | None,
        *,
        look: Look,
        reporter: Reporter,
    ) -> None:
        self._request = request
        self._sources = sources
        self._landmarker = landmarker
        self._observations = observations
        self._granted = granted
        self._look = look
        self._reporter = reporter
        self._recogniser = Recogniser()

    def look(self) -> None:
        """Follow everybody in the frames that were asked for."""
        detector = CenterFace(smallest=SmallestFace.of(self._request.smallest))
        tracker = FaceTracker(self._landmarker, self._recogniser, detector, average=self._request.average)
        total, done = sum(len(source.numbers) for source in self._sources), 0

        def looked() -> bool:
            nonlocal done
            done += 1
            self._reporter.progress("find faces", done, total)
            return self._reporter.stop_requested()

        for source in self._sources:
            number = self._observations.source(source.info.path, source.info.stretched)
            known = self._merged(source)
            known.update(self._observations.frames(number))
            pending = [number for number in source.numbers if number not in known]
            done += len(source.numbers) - len(pending)
            observe(source, pending, self._observations, tracker, looked)

    def _merged(self, source: Source) -> set[int]:
        """The frames whose faces came from another faceset: they are as they are."""
        present = self._present()
        here = source.info.path.resolve()
        frames = {number for path, number, _ in present.frames() if path == here} if present else set()
        return frames - set(self._observations.frames(self._observations.source(here)))

    def _present(self) -> Faceset | None:
        """The faceset, where it is there already."""
        there = (self._request.faceset / "faceset.json").exists()
        return Faceset.open(self._request.faceset) if there else None

    def store(self) -> dict[str, Any]:
        """Store the faces of the person who is wanted; returns what there is to count."""
        footage = list(self._footage())
        people = group([track for one, _ in footage for track in one.people])
        wanted = self._wanted(people)
        info = _info(self._request, self._landmarker, self._size(wanted), self._granted)
        faceset = Faceset.create(self._request.faceset, info)
        others = [person for person in people if person not in wanted]
        storing = Storing(faceset, self._recogniser, wanted, others, self._reporter)
        total, done = sum(len(one.frames) for one, _ in footage), 0

        def stored() -> None:
            nonlocal done
            done += 1
            self._reporter.progress("store faces", done, total)

        for one, source in footage:
            storing.store(one, source, stored)
            for frame, action in sorted(one.missed.items()):
                text = f"The repair “{action}” of frame {frame} of {one.path.name} finds no face at its point."
                self._reporter.message(text)
        known = {path for (path,) in faceset.read_all("SELECT path FROM source", "source")}
        for elsewhere in sorted({one.source for one in read_repairs(self._request.faceset / REPAIRS)} - known):
            self._reporter.message(f"{REPAIRS} corrects {elsewhere}, which is no source of this faceset: not applied.")
        return _count(faceset, self._sources) | {"people": len(people)}

    def _footage(self) -> Iterator[tuple[Footage, Source]]:
        """What was seen, repaired by hand, of every source, with all its frames that were looked at until now."""
        asked = {
            source.info.path.resolve(): named
            for source, named in zip(self._sources, self._request.sources, strict=True)
        }  # a source that is given twice counts once
        repairs = self._request.faceset / REPAIRS
        for path, named in asked.items():
            one = Footage(self._observations, path, self._observations.source(path), self._request.smooth)
            if one.frames:
                span = f"{one.frames[0]}-{one.frames[-1]}"
                source = _open(named, span, self._request)
                yield with_repairs(one, read_repairs(repairs), source, self._landmarker), source

    def _wanted(self, people: Sequence[Person]) -> list[Person]:
        """Whose faces to store. In a faceset with faces from other footage, the only one is the one in there."""
        present = self._present()
        here = {source.info.path.resolve(): source.info for source in self._sources}
        sources, embeddings = present.embeddings() if present else ([], np.zeros((0, 128), np.float32))
        if self._request.person != "only" or not people or here.keys() >= set(sources):
            return choose(people, self._request.person, self._look, self._drawn(people), here)
        known = middle(embeddings)
        near = [person for person in people if distance(person.embedding, known) < SAME_MEAN]
        if not near:
            away = float(np.nanmin([distance(person.embedding, known) for person in people]))
            raise UsageError(
                f"The person in {self._request.faceset} is not in this footage (the likest face is {away:.2f} away).",
                "Choose a new folder, or say who is wanted with --person.",
            )
        return near

    def _drawn(self, people: Sequence[Person]) -> Path | None:
        """The picture of who there is, so that one can be chosen by number; none where nobody has to be."""
        if len(people) < 2:
            return None
        picture = self._request.faceset / PEOPLE
        draw_people(picture, people, self._sources)
        return picture

    def _size(self, wanted: Sequence[Person]) -> int:
        """The side of the crops: that of the request or of the faceset, or the one in which few faces lose detail."""
        present = self._present()
        if present is not None:
            return present.info.size  # any other was refused at the start
        if self._request.size is not None:
            return self._request.size
        eyes = np.concatenate([np.full(len(t.frames), t.eyes) for p in wanted for t in p.tracks] or [np.zeros(1)])
        needed = FRAMINGS[self._request.framing].side * STORED_MARGIN * float(np.percentile(eyes, 90))
        return next((size for size in SIZES if size >= needed), SIZES[-1])


def _count(faceset: Faceset, sources: Sequence[Source]) -> dict[str, int]:
    """Frames, the faces that are there and the frames that have none, of what was asked for."""
    wanted = {(str(source.info.path.resolve()), number) for source in sources for number in source.numbers}
    found = [faces for path, number, faces in faceset.frames() if (str(path), number) in wanted]
    in_use = faceset.pictures() - faceset.left_out().keys()
    rows = faceset.read_all(
        "SELECT file, path, number, interpolated, repaired FROM face JOIN source ON source.id = face.source"
    )
    stored = [flags for file, path, number, *flags in rows if file in in_use and (path, number) in wanted]
    return {
        "frames": len(found),
        "faces": len(stored),
        "frames_without_face": found.count(0),
        "interpolated": sum(interpolated for interpolated, _ in stored),
        "repaired": sum(repaired for _, repaired in stored),
    }
