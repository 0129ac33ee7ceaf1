"""What `ml-backend verify` shows: one screen for people."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ml_backend.delivery.verify import Verified
from ml_backend.provenance.credentials import Credentials
from ml_backend.provenance.credentials.facts import joined, plain


def screen(found: Verified, consent: Mapping[str, str], mark: Mapping[str, Any]) -> list[str]:
    """The lines. consent: what the record of each person is worth here. mark: what `read_watermark` says."""
    told = found.credentials
    lines = [plain(str(found.path)), f"  {_state(found)}"]
    if found.state == "changed" or found.unsigned:
        lines.append(f"  {found.summary()}")
    if told.signer:
        lines += _signed(found, told)
    lines += [f"  consent      {name} {_short(hashes)}: {consent[name]}" for name, hashes in people_of(told).items()]
    if mark:
        named = ", ".join(Path(folder).name for folder in mark.get("swaps", ())) or "none of these swaps"
        fits = f": {named}" if "swaps" in mark else ""
        lines.append(f"  watermark    {mark['payload']} (confidence {mark['confidence']:.2f}){fits}")
    elif told.facts.get("watermark"):
        lines.append(f"  watermark    {told.facts['watermark']} is named, and not found in the picture")
    return lines


def people_of(told: Credentials) -> dict[str, str]:
    """The records' hashes of everybody whose face is in it, by pseudonym; what was used before counts, too."""
    return joined(facts.get("people", {}) for facts in (told.facts, *told.history))


def _short(hashes: str) -> str:
    return " ".join(one[:16] for one in hashes.split())


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
    history = f", from {' and '.join(told.ingredients)}" if told.ingredients else ""
    made = ": composite with generated faces" if told.generated and told.facts else ""
    made = made or (": a part was made by a trained model" if told.generated else "")
    lines = [
        f"  signed by    {told.signer}{whose}",
        f"  signed at    {_time(told)}",
        f"  signed with  {told.tool or 'an unknown program'}",
        f"  what it is   {told.title or 'unknown'}{made}{history}",
        f"  done         {', '.join(action.removeprefix('c2pa.') for action in told.actions) or 'not said'}",
        f"  files        {found.files}",
        *_swaps(told),
    ]
    lines += [f"  history      {name} had been CHANGED when it was used" for name in told.changed_ingredients]
    return lines


def _swaps(told: Credentials) -> list[str]:
    """How many swaps and models are named, here and in what it was made of; a swap's own list names none."""
    named = (told.facts, *told.history)
    counts = [len({one for facts in named for one in facts.get(what, ())}) for what in ("swaps", "models")]
    return [f"  made with    swaps: {counts[0]}, models: {counts[1]}"] if counts[0] else []


def _time(told: Credentials) -> str:
    if told.time is None:
        return "not known: no time stamp authority vouches for it"
    return told.time if told.time_trusted else f"{told.time}, says an authority that this machine does not know"
