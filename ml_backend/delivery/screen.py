"""What `ml-backend verify` shows: one screen for people."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ml_backend.delivery.verify import Verified
from ml_backend.provenance.credentials import Credentials
from ml_backend.provenance.credentials.facts import joined
from ml_backend.provenance.plain import plain

_PEOPLE, _PARTS, _ACTIONS = 4, 2, 8  # so many are shown, and how many more there are
_LINE, _PARAGRAPH = 158, 318  # letters: two rows and four of a terminal 80 wide


def screen(found: Verified, consent: Mapping[str, str], mark: Mapping[str, Any]) -> list[str]:
    """The lines: at most 24 rows of 80 letters but for very long names. consent: what the record of each person is
    worth here. mark: what `read_watermark` says."""
    told = found.credentials
    lines = [_cut(plain(str(found.path)), _LINE), f"  {_state(found)}"]
    if found.state == "changed" or found.unsigned:
        lines.append(f"  {_cut(found.summary(), _PARAGRAPH)}")
    if told.signer:
        lines += [_cut(line, _LINE) for line in _signed(found, told)]
    lines += _consents(people_of(told), consent)
    if "unread" in mark:
        lines.append(f"  watermark    not looked for: {mark['unread']}")
    elif mark:
        named = ", ".join(Path(folder).name for folder in mark.get("swaps", ())) or "none of these swaps"
        fits = f": {named}" if "swaps" in mark else ""
        lines.append(f"  watermark    {mark['payload']} (confidence {mark['confidence']:.2f}){fits}")
    elif told.facts.get("watermark"):
        lines.append(f"  watermark    {told.facts['watermark']} is named, and not found in the picture")
    return lines


def people_of(told: Credentials) -> dict[str, str]:
    """The records' hashes of everybody whose face is in it, by pseudonym; what was used before counts, too."""
    return joined(facts.get("people", {}) for facts in (told.facts, *told.history))


def _consents(people: Mapping[str, str], consent: Mapping[str, str]) -> list[str]:
    """Those whose consent does not hold here come first."""
    worst = sorted(people, key=lambda name: _holds(consent[name]))
    lines = [f"  consent      {name} {_short(people[name])}: {consent[name]}" for name in worst[:_PEOPLE]]
    if len(people) > _PEOPLE:
        rest = sum(_holds(consent[name]) for name in worst[_PEOPLE:])
        lines.append(f"  consent      of {len(people) - _PEOPLE} more ({rest} valid); --json names them")
    return [_cut(line, _LINE) for line in lines]


def _holds(state: str) -> bool:
    """Of each of a person's records."""
    return all(one.startswith("valid") for one in state.split("; "))


def _short(hashes: str) -> str:
    return _some([one[:16] for one in hashes.split()], _PARTS, " ")


def _some(parts: Sequence[str], count: int, between: str) -> str:
    more = f" and {len(parts) - count} more" if len(parts) > count else ""
    return between.join(parts[:count]) + more


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _state(found: Verified) -> str:
    if found.credentials.damaged:
        return "DAMAGED: it cannot be read"
    if found.state == "valid":
        return "valid: nothing was changed since it was signed"
    if found.state == "changed":
        return "CHANGED since it was signed"
    if found.state == "absent":
        return "no content credentials"
    if found.credentials.expired:
        return "unchanged, but signed with a certificate that has run out since"
    return "unchanged, but signed by somebody whom this machine does not know"


def _signed(found: Verified, told: Credentials) -> list[str]:
    whose = ", self-issued: it says which machine, not who" if told.self_issued else ""
    history = f", from {_some(told.ingredients, _PARTS, ' and ')}" if told.ingredients else ""
    made = ": composite with generated faces" if told.generated and told.facts else ""
    made = made or (": a part was made by a trained model" if told.generated else "")
    done = [action.removeprefix("c2pa.") for action in told.actions]
    changed = told.changed_ingredients
    lines = [
        f"  signed by    {told.signer}{whose}",
        f"  signed at    {_time(told)}",
        f"  signed with  {told.tool or 'an unknown program'}",
        f"  what it is   {told.title or 'unknown'}{made}{history}",
        f"  done         {_some(done, _ACTIONS, ', ') or 'not said'}",
        f"  files        {found.files}",
        *_swaps(told),
    ]
    return lines + ([f"  history      CHANGED before it was used: {_some(changed, _PARTS, ', ')}"] if changed else [])


def _swaps(told: Credentials) -> list[str]:
    """How many swaps and models are named, here and in what it was made of; a swap's own list names none."""
    named = (told.facts, *told.history)
    counts = [len({one for facts in named for one in facts.get(what, ())}) for what in ("swaps", "models")]
    return [f"  made with    swaps: {counts[0]}, models: {counts[1]}"] if counts[0] else []


def _time(told: Credentials) -> str:
    if told.time is None:
        return "not known: no time stamp authority vouches for it"
    return told.time if told.time_trusted else f"{told.time}, says an authority that this machine does not know"
