"""A new consent record: what it says, as the arguments that make it, and what an error advises it to say."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from .errors import UsageError

AGREED = ("performer", "estate", "licensed-dataset")  # where somebody else must have agreed
ACTIONS = (
    ("train", "Train", "A model may learn this face"),
    ("swap", "Swap", "Swaps may be made with it"),
    ("export-model", "Hand Out", "The trained model may be given to others"),
)
USUAL = ("train", "swap")
_ADVISED = re.compile(r"ml-backend consent new (?P<name>\S+) --basis performer(?P<rest>[^;]*)")
_ACTIONS = re.compile(r"--actions (?P<words>[a-z-]+(?:,[a-z-]+)*)")
_OUT = re.compile(r'--out "(?P<folder>[^"]+)"')
_SUCCEEDS = re.compile(r"--succeeds (?P<hash>[0-9a-f]{64})")


@dataclass(frozen=True)
class NewRecord:
    """What a new record says; `days` 0 leaves the term to the backend, an empty `shots` means all, without `key` it is
    signed with the user's own. `succeeds` are hashes of earlier records, with spaces or commas between."""

    name: str
    basis: str
    project: str = ""
    granted_by: str = ""
    use: str = ""
    days: int = 0
    shots: str = ""
    witness: str = ""
    rider: Path | None = None
    reference: Path | None = None
    actions: tuple[str, ...] = USUAL
    key: Path | None = None
    succeeds: str = ""
    folder: Path | None = None
    replace: bool = False

    def arguments(self) -> list[str]:
        """For `ml-backend`. Raises UsageError where something is missing."""
        if not self.name:
            raise UsageError("The person has no name.", "Give a name in the panel first: a pseudonym.")
        if not self.actions:
            raise UsageError("The record allows nothing.", "Choose what was agreed to beside Allows.")
        if self.basis in AGREED:
            needed = {"Project": self.project, "Who Agreed": self.granted_by, "Use": self.use}
            absent = [label for label, value in needed.items() if not value.strip()]
            if absent:
                raise UsageError(
                    f"The record lacks: {', '.join(absent)}.",
                    "Consent is given by someone, for one production and one use: write down who, which and what for.",
                )
        words = ["consent", "new", self.name, "--json", "--basis", self.basis]
        words += ["--actions", ",".join(word for word, _, _ in ACTIONS if word in self.actions)]
        given = {
            "--project": self.project.strip(),
            "--granted-by": self.granted_by.strip(),
            "--use": self.use.strip(),
            "--days": str(self.days or ""),
            "--shots": self.shots.strip(),
            "--witness": self.witness.strip(),
            "--rider": str(self.rider or ""),
            "--reference": str(self.reference or ""),
            "--key": str(self.key or ""),
            "--out": str(self.folder or ""),
        }
        words += [f"{option}={value}" for option, value in given.items() if value]
        words += [f"--succeeds={sha256}" for sha256 in re.split(r"[\s,]+", self.succeeds) if sha256]
        return [*words, "--replace"] if self.replace else words


def advised(name: str, errors: Iterable[str]) -> NewRecord:
    """What the first of the `errors` of the backend that speaks of a new record of `name` wants it to say."""
    plain = NewRecord(name, "performer")
    for error in errors:
        for found in _ADVISED.finditer(error):
            if found["name"] != name:
                continue
            actions, earlier = _ACTIONS.search(found["rest"]), _SUCCEEDS.search(found["rest"])
            where = _OUT.search(found["rest"])
            return replace(
                plain,
                actions=tuple(actions["words"].split(",")) if actions else plain.actions,
                succeeds=earlier["hash"] if earlier else "",
                folder=Path(where["folder"]) if where else None,
                replace="--replace" in found["rest"],
            )
    return plain
