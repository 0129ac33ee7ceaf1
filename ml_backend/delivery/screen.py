"""What `ml-backend verify` shows: one screen for people."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ml_backend.delivery.verify import Verified
from ml_backend.provenance.credentials import Credentials


def screen(found: Verified, consent: Mapping[str, str], mark: Mapping[str, Any]) -> list[str]:
    """The lines. consent: what the record of each person is worth here. mark: what `read_watermark` says."""
    told = found.credentials
    lines = [f"{found.path}", f"  {_state(found)}"]
    if found.state == "changed" or found.unsigned:
        lines.append(f"  {found.summary()}")
    if told.signer:
        lines += _signed(found, told)
    people: Mapping[str, str] = told.facts.get("people", {})
    lines += [f"  consent      {name} {sha256[:16]}: {consent[name]}" for name, sha256 in people.items()]
    if mark:
        named = ", ".join(Path(folder).name for folder in mark.get("swaps", ())) or "none of these swaps"
        fits = f": {named}" if "swaps" in mark else ""
        lines.append(f"  watermark    {mark['payload']} (confidence {mark['confidence']:.2f}){fits}")
    elif told.facts.get("watermark"):
        lines.append(f"  watermark    {told.facts['watermark']} is named, and not found in the picture")
    return lines


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
    ]
    lines += [f"  history      {name} had been CHANGED when it was used" for name in told.changed_ingredients]
    return lines


def _time(told: Credentials) -> str:
    if told.time is None:
        return "not known: no time stamp authority vouches for it"
    return told.time if told.time_trusted else f"{told.time}, says an authority that this machine does not know"
