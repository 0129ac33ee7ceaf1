"""What is known of the performer and the identity: faces, consent and coverage. Looked at in threads, and kept."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from . import backend_words, project, session, thumbnails
from .compat import Scene
from .core import consent_records, faceset_coverage, faceset_summary
from .core.consent_records import ConsentState
from .core.errors import DeepfakeError
from .core.faceset_coverage import Coverage
from .core.faceset_summary import FacesetSummary
from .core.new_record import NewRecord

_Answer = TypeVar("_Answer")
ROLES = ("performer", "identity")


@dataclass(frozen=True)
class Key:
    """What decides what a person's part of the panel shows; `changes` counts what happened to the jobs."""

    name: str
    faceset: Path
    consent: Path | None
    project: str
    changes: int


@dataclass
class Person:
    """Read by the panel. `faces` and `consent` are None while nobody has looked yet; `failure` tells what went wrong
    when something was asked for."""

    key: Key | None = None
    stale: bool = False
    faces: FacesetSummary | DeepfakeError | None = None
    icons: tuple[int, ...] = ()
    consent: ConsentState | DeepfakeError | None = None
    coverage: Coverage | None = None
    failure: DeepfakeError | None = None
    busy: set[str] = field(default_factory=set)
    made: str = ""  # when a record was last made here, as jobs say when they ended


_known: dict[str, Person] = {}


def person(role: str) -> Person:
    return _known.setdefault(role, Person())


def forget() -> None:
    """At unregistering."""
    _known.clear()
    thumbnails.close()


def look(scene: Scene, role: str) -> Person:
    """What is known of that role's person; looks again, in a thread, where something of it has changed."""
    known = person(role)
    key = _key(scene, role)
    if (key == known.key and not known.stale) or known.busy & {"faces", "consent"}:
        return known
    before, known.key, known.stale = known.key, key, False
    if before is None or (before.name, before.faceset) != (key.name, key.faceset):
        known.faces, known.icons, known.coverage, known.failure = None, (), None, None
    if before is None or (before.name, before.consent) != (key.name, key.consent):
        known.consent = None
    _look_at_faces(known, key)
    _look_at_consent(known, key)
    return known


def look_again(role: str) -> None:
    """Have the next drawing look at everything, since it may have changed. Faces and consent are shown until then."""
    known = person(role)
    known.stale, known.coverage, known.failure = True, None, None


def _key(scene: Scene, role: str) -> Key:
    settings = scene.deepfake
    name = str(getattr(settings, role))
    faceset = project.faceset(name, getattr(settings, f"{role}_faceset"))
    consent = project.absolute(settings.consent) if settings.consent else None
    named = settings.project or os.environ.get("ML_BACKEND_PROJECT", "")
    return Key(name, faceset, consent, named, session.current().board.changes)


def _look_at_faces(known: Person, key: Key) -> None:
    def then(told: FacesetSummary | DeepfakeError) -> None:
        known.faces = told
        if not isinstance(told, DeepfakeError):
            known.icons = thumbnails.load(told.pictures, told.stamp)

    if not key.name:
        known.faces, known.icons = FacesetSummary(), ()
        return
    _do(known, "faces", partial(faceset_summary.summarise, key.faceset), then)


def _look_at_consent(known: Person, key: Key) -> None:
    def then(told: ConsentState | DeepfakeError) -> None:
        known.consent = told

    if not key.name:
        known.consent = None
        return
    run, arguments = backend_words.runner(), consent_records.check_arguments(key.name, key.consent, key.project)
    _do(known, "consent", lambda: consent_records.of_answer(run(arguments), key.project), then)


def make_record(role: str, record: NewRecord) -> None:
    """Have the backend make and sign `record`. Raises UsageError where it lacks something."""
    known, run, arguments = person(role), backend_words.runner(), record.arguments()

    def then(told: object) -> None:
        look_again(role)
        _note(known, told)
        if known.failure is None:
            known.made = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    _do(known, "record", lambda: run(arguments), then)


def find_coverage(scene: Scene, role: str, show: Callable[[Path], None]) -> None:
    """What poses and expressions the faces show; of the identity, compared with the performer where there are faces
    of both, and then `show` is called with the picture."""
    known, run, own = person(role), backend_words.runner(), _key(scene, role)
    other = _key(scene, "performer")
    compares = role == "identity" and other.name and (other.faceset / "index.sqlite").is_file()
    picture = project.folder() / "previews" / f"coverage_{own.faceset.name}.png"
    arguments = faceset_coverage.arguments(own.faceset, other.faceset if compares else None, picture)

    def work() -> Coverage:
        picture.parent.mkdir(parents=True, exist_ok=True)
        return faceset_coverage.of_answer(run(arguments))

    def then(told: Coverage | DeepfakeError) -> None:
        _note(known, told)
        if not isinstance(told, DeepfakeError):
            known.coverage = told
            if told.picture is not None and told.picture.is_file():
                show(told.picture)

    _do(known, "coverage", work, then)


def _note(known: Person, told: object) -> None:
    known.failure = told if isinstance(told, DeepfakeError) else None


def _do(known: Person, what: str, work: Callable[[], _Answer], then: Callable[[_Answer | DeepfakeError], None]) -> None:
    def done(told: _Answer | DeepfakeError) -> None:
        known.busy.discard(what)
        then(told)

    known.busy.add(what)
    session.current().ask(work, done)
