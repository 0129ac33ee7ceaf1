"""The gate: no face is learned, painted or exported without the consent of the people whose faces these are.

It sits inside the functions that do the work, so that the command line, the service, Python callers, `blender -b` and
the chunks of a farm all pass it. Every refusal says which rule and how to mend it, and is entered in the audit.
"""

import os
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path

from ml_backend.errors import BackendError
from ml_backend.provenance import audit
from ml_backend.provenance.consent import SLACK, ConsentRefused, new_command, valid_record
from ml_backend.provenance.record import Action, ConsentRecord, succeeds
from ml_backend.provenance.revocation import folder_of, read_revoked
from ml_backend.provenance.shot_name import shot_of
from ml_backend.provenance.withdrawn import check_not_withdrawn

ANY_PROJECT = "unnamed"
"""The project of records that were made without one: they count for every project."""


@dataclass(frozen=True)
class Purpose:
    """What the faces are wanted for. consent: a folder of records besides the user's own, or one record's file.

    Where they are None, ML_BACKEND_PROJECT and ML_BACKEND_SHOT tell project and shot, and then the name of the
    `footage` (a movie, a folder or a pattern) the shot.
    """

    action: Action
    consent: Path | None = None
    project: str | None = None
    shot: str | None = None
    footage: str | None = None

    @property
    def named_project(self) -> str | None:
        return self.project or os.environ.get("ML_BACKEND_PROJECT") or None

    @property
    def named_shot(self) -> str | None:
        named = self.shot or os.environ.get("ML_BACKEND_SHOT")
        return named or (shot_of(self.footage) if self.footage else None)

    def facts(self) -> dict[str, str]:
        """What the audit keeps of it."""
        named = {"project": self.named_project, "shot": self.named_shot}
        return {name: value for name, value in named.items() if value}


@dataclass(frozen=True)
class Granted:
    """Whose faces may be used, on which records."""

    records: Mapping[str, ConsentRecord]

    def hashes(self) -> dict[str, str]:
        """The hash of each person's record."""
        return {name: record.sha256() for name, record in self.records.items()}

    @property
    def slate(self) -> bool:
        """Must the made faces say that they are a test?"""
        return any(record.basis == "test" for record in self.records.values())


def require(people: Collection[str], purpose: Purpose) -> Granted:
    """The valid record of each of `people` for this purpose.

    Raises ConsentRefused (exit 3, HTTP 403) with the reason and the mend, and enters it in the audit; UsageError for an
    impossible name or a folder of records that does not exist.
    """
    with refusals_entered(people, purpose):
        check_clock(purpose.consent)
        return Granted({name: _granted(name, purpose, purpose.action) for name in sorted(people)})


def who_may(people: Collection[str], action: Action, purpose: Purpose, bound: Mapping[str, str]) -> Granted:
    """Those of `people` who may be used for `action` in the course of what `purpose` is; nobody else is refused.

    bound: the records' hashes under which they were learned, as `check_bound` takes them. UsageError for a folder of
    records that does not exist.
    """
    allowed: dict[str, ConsentRecord] = {}
    for name in people:
        with suppress(ConsentRefused):
            record = _granted(name, purpose, action)
            check_bound(bound, Granted({name: record}), [name])
            allowed[name] = record
    return Granted(allowed)


def require_still(granted: Granted, purpose: Purpose) -> None:
    """Refuse to go on with what takes long where a consent was revoked, or ran out, since it was granted.

    One that ran out and was made anew meanwhile, by a record that succeeds it, counts. Raises as `require` does.
    """
    check_not_withdrawn(granted.hashes(), purpose.consent, purpose.action)
    over = [name for name, record in granted.records.items() if datetime.now(UTC) >= record.expires]
    if over:
        renewed = require(over, purpose)
        with refusals_entered(over, purpose):
            check_bound(granted.hashes(), renewed)


@contextmanager
def refusals_entered(people: Collection[str], purpose: Purpose) -> Iterator[None]:
    """Enter what is refused inside in the audit; it is refused also where the audit cannot be written."""
    try:
        yield
    except ConsentRefused as refusal:
        with suppress(BackendError):
            facts = {"action": purpose.action, "reason": refusal.reason} | purpose.facts()
            audit.enter("refused", dict.fromkeys(sorted(people), ""), facts)
        raise


def _granted(name: str, purpose: Purpose, action: Action) -> ConsentRecord:
    def fits_project(record: ConsentRecord, path: Path) -> None:
        check_project(record, path, purpose.named_project)

    def fits_shot(record: ConsentRecord, path: Path) -> None:
        if purpose.action != "train" or purpose.named_shot:
            check_shot(record, path, purpose.named_shot)

    return valid_record(name, action, purpose.consent, fits_project, fits_shot)[0]


def check_project(record: ConsentRecord, path: Path, project: str | None) -> None:
    """Refuse a record (from `path`) of another project than the one that is named."""
    if record.project == ANY_PROJECT or (project is not None and _same(record.project, project)):
        return
    asked = f"not for “{project}”" if project else "and no project is named"
    name, make = record.identity, new_command(record.identity, path.parent)
    raise ConsentRefused(
        "wrong-project",
        f"The consent of {name} is for the project “{record.project}”, {asked}.",
        f'If this is that project, say --project "{record.project}" or set ML_BACKEND_PROJECT. '
        f"Another project needs an agreement of its own: {make} --replace",
    )


def check_shot(record: ConsentRecord, path: Path, shot: str | None) -> None:
    """Refuse a record (from `path`) that does not cover the shot; one for all shots covers one that nobody named."""
    if "*" in record.shots or (shot is not None and any(_fits(shot, glob) for glob in record.shots)):
        return
    globs = ", ".join(record.shots)
    asked = f"not {shot}" if shot else "and no shot is named"
    name, make = record.identity, new_command(record.identity, path.parent)
    raise ConsentRefused(
        "wrong-shot",
        f"The consent of {name} covers the shots {globs}, {asked}.",
        "If this is one of them, say --shot NAME or set ML_BACKEND_SHOT. "
        f'If more was agreed: {make} --shots "{",".join([*record.shots, shot or "SHOT"])}" --replace',
    )


def check_clock(consent: Path | None = None) -> None:
    """Refuse to believe a clock by which the audit's newest entry, or the last revocation, lies in the future."""
    now = datetime.now(UTC)
    revoked = read_revoked(folder_of(consent))
    known = {"the newest entry of the audit": audit.newest_time(), "the last revocation": revoked.newest}
    for what, moment in known.items():
        if moment and datetime.fromisoformat(moment) > now + SLACK:
            raise ConsentRefused(
                "clock",
                f"This machine's clock says {now:%Y-%m-%d %H:%M} UTC, and {what} is of {moment}: "
                "whether consent is valid cannot be told.",
                "Set the clock right. If it is right and an earlier entry was made with a wrong one, begin a new audit "
                'file: ml-backend audit rotate --reason "WHY"',
            )


def check_bound(bound: Mapping[str, str], granted: Granted, identities: Collection[str] = ()) -> None:
    """Refuse what was made under another record than the people's present ones or the earlier ones these succeed.

    bound: the records' hashes that a model or a faceset keeps, by name (those of merged facesets with spaces between
    them); those of people who are not in question do not count. identities: who is in the model: each of them must be
    bound.
    """
    for name, record in granted.records.items():
        hashes = bound.get(name, "").split()
        for sha256 in hashes or ([""] if name in identities else []):
            if not sha256 or not succeeds(record, sha256):
                raise _other_record(name, record, sha256)


def _other_record(name: str, record: ConsentRecord, sha256: str) -> ConsentRefused:
    was = f"under the record {sha256[:16]}" if sha256 else "under no record"
    return ConsentRefused(
        "other-record",
        f"The faces of {name} were learned or stored {was}, and their consent is now the record "
        f"{record.sha256()[:16]}, which does not succeed it: it may be another person of the same name.",
        "If it is the same person, who agrees to what was made before too: "
        f"{new_command(name)} --replace --succeeds {sha256 or 'HASH'}; else train and extract anew under another name.",
    )


def check_name_of_faces(stored_as: str | None, name: str, folder: Path) -> None:
    """Refuse to take the faces that were extracted as those of `stored_as` for somebody else's."""
    if stored_as not in (None, name):
        raise ConsentRefused(
            "renamed",
            f"The faceset {folder} holds the faces of {stored_as}, not of {name}.",
            f"Say --faceset {stored_as}={folder}, or extract {name} into another folder.",
        )


def people_of_swap(
    identities_of_model: Sequence[str], identity: str, performer: str | None, everybody: bool = False
) -> list[str]:
    """Whose consent a swap needs: the identity's, and that of the person who is filmed, whose face is changed.

    performer: as the setting names them, also where the model does not know them; the only other person of the model
    where it is None. everybody: is every face on the plate changed? Then `performer` must name all who are filmed, with
    commas between them. Raises ConsentRefused where it cannot be told who is filmed.
    """
    if everybody:
        named = filmed_people(performer)
        if not named:
            raise ConsentRefused(
                "performer-unknown",
                f"Every face on the plate is replaced by that of {identity}, and whose these are is not said: each of "
                "them must agree too.",
                "Name everybody who is filmed, by the names of their consent records: --set performer=NAME,NAME; or "
                "replace the performer's face alone, without faces=all.",
            )
        return list(dict.fromkeys([identity, *named]))
    others = [name for name in identities_of_model if name != identity]
    filmed = performer or (others[0] if len(others) == 1 else None)
    if filmed is None:
        among = f" (the model knows {', '.join(others)})" if others else " (the model knows nobody else)"
        raise ConsentRefused(
            "performer-unknown",
            f"Whose face on the plate is replaced by that of {identity} is not known{among}: they must agree too.",
            "Say who is filmed, by the name of their consent record: --set performer=NAME",
        )
    return list(dict.fromkeys([identity, filmed]))


def filmed_people(performer: str | None) -> list[str]:
    """The names in a setting that names one or several, with commas between them."""
    return list(dict.fromkeys(name for part in (performer or "").split(",") if (name := part.strip())))


def check_crowd(performer: str | None, faces: int, frame: int) -> None:
    """Refuse to change more faces in one frame than people were named who agreed. faces: in that frame, at most."""
    named = filmed_people(performer)
    if faces > len(named):
        raise ConsentRefused(
            "performer-unknown",
            f"Frame {frame} shows {faces} faces that would be replaced, and {len(named)} of those filmed are named "
            f"({', '.join(named)}): somebody has not been asked.",
            "Name them too (--set performer=NAME,NAME) once they agreed, replace the performer's face alone, or choose "
            "frames without them.",
        )


def _same(one: str, other: str) -> bool:
    return unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other)


def _fits(shot: str, glob: str) -> bool:
    return fnmatchcase(unicodedata.normalize("NFC", shot), unicodedata.normalize("NFC", glob))
