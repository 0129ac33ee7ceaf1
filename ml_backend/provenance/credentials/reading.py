"""What a credential says, and whether to believe it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Literal

import c2pa

from ml_backend.provenance.plain import plain

from . import facts as known
from . import padding
from .contexts import open_context
from .files import BESIDE, EMBEDDED, sidecar_of
from .self_issued import ORGANISATION
from .trust import own_anchors

State = Literal["valid", "untrusted", "changed", "absent"]
_EXPIRED = ("signingCredential.expired", "claimSignature.outsideValidity")
_NO_TRUST = ("signingCredential.untrusted", *_EXPIRED)
_NOT_READABLE = ("asset could not be parsed", "failed to fill whole buffer", "type is unsupported")


@dataclass(frozen=True)
class Credentials:
    """state: valid; untrusted (whole, but nobody here knows who signed it, or the certificate ran out); changed (the
    file or the credential is not as it was signed, or cannot be read); absent.

    signer and self_issued: whose certificate; expired: it ran out. time: when it was signed, if an authority says so;
    time_trusted: it is one that this machine knows. tool: the program that signed. facts: what the backend wrote (see
    Facts). actions: what was done; generated: by which a part was made by a trained model. ingredients: their titles;
    changed_ingredients: those that were not as they had been signed when they were used. history: the facts in the
    credentials of these, and of what they were made of. problems: C2PA's codes of what
    is wrong. damaged: the file cannot be read as what its name says, so that nobody knows what it had.
    """

    state: State
    signer: str = ""
    self_issued: bool = False
    expired: bool = False
    time: str | None = None
    time_trusted: bool = False
    tool: str = ""
    title: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    actions: tuple[str, ...] = ()
    generated: bool = False
    ingredients: tuple[str, ...] = ()
    changed_ingredients: tuple[str, ...] = ()
    history: tuple[dict[str, Any], ...] = ()
    problems: tuple[str, ...] = ()
    damaged: bool = False


def read(path: Path) -> Credentials:
    """The credential in a file, or else beside it. Raises OSError for a file that cannot be read."""
    kind, beside = EMBEDDED.get(path.suffix.lower()), sidecar_of(path)
    found = Credentials("absent")
    with path.open("rb") as file:
        if kind is not None:
            found = _read(kind, file, None)
        if found.state == "absent" and beside.is_file():
            file.seek(0)
            found = read_detached(file, beside.read_bytes())
    return found


def read_detached(data: bytes | BinaryIO, credential: bytes) -> Credentials:
    """The credential that lies beside `data`, which may be a file that is open."""
    if not padding.is_empty(credential):
        return Credentials("changed", problems=("the reserve of the signature is not empty",))
    return _read(BESIDE, BytesIO(data) if isinstance(data, bytes) else data, credential)


def _read(kind: str, stream: BinaryIO, credential: bytes | None) -> Credentials:
    anchors = own_anchors()
    try:
        with open_context(anchors) as context, c2pa.Reader(kind, stream, credential, context=context) as reader:
            told, verdict = json.loads(reader.json()), reader.get_validation_state()
    except (c2pa.C2paError.ManifestNotFound, c2pa.C2paError.RemoteManifest):
        return Credentials("absent")  # one that lies on a server is not fetched
    except (c2pa.C2paError, ValueError) as error:
        text = str(error)
        if text.startswith("Remote:"):
            return Credentials("absent")
        damaged = credential is None and any(words in text for words in _NOT_READABLE)
        return Credentials("changed", problems=(plain(text),), damaged=damaged)
    try:
        return _understood(told, verdict)
    except (KeyError, TypeError, AttributeError) as error:  # what it says of itself does not hang together
        return Credentials("changed", problems=(plain(f"{type(error).__name__}: {error}"),))


def _understood(told: dict[str, Any], verdict: str | None) -> Credentials:
    manifest = told["manifests"][told["active_manifest"]]
    signature = manifest.get("signature_info") or {}
    failures = [plain(status["code"]) for status in told.get("validation_status") or ()]
    real = [code for code in failures if code not in _NO_TRUST]
    state: State = "valid" if verdict == "Trusted" else "changed" if real or verdict is None else "untrusted"
    assertions = {one["label"]: one["data"] for one in manifest.get("assertions") or ()}
    actions = assertions.get("c2pa.actions.v2", assertions.get("c2pa.actions", {})).get("actions", ())
    names = [plain(signature[key]) for key in ("issuer", "common_name") if signature.get(key)]
    ingredients = [(plain(one.get("title")), one) for one in manifest.get("ingredients") or ()]
    return Credentials(
        state=state,
        signer=", ".join(names),
        self_issued=signature.get("issuer") == ORGANISATION,
        expired=any(code in _EXPIRED for code in failures),
        time=plain(signature.get("time")) or None,
        time_trusted=bool(signature.get("time")) and "timeStamp.untrusted" not in _codes(told, "informational"),
        tool=next((plain(one.get("name")) for one in manifest.get("claim_generator_info") or ()), ""),
        title=plain(manifest.get("title")),
        facts=known.told(assertions.get(known.LABEL)),
        actions=tuple(plain(action["action"]) for action in actions),
        generated=any("rainedAlgorithmicMedia" in str(action.get("digitalSourceType")) for action in actions),
        ingredients=tuple(title for title, _ in ingredients),
        changed_ingredients=tuple(title for title, one in ingredients if _was_changed(one)),
        history=tuple(_history(told)),
        problems=tuple(failures),
    )


def _history(told: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The facts in the other manifests that lead here by ingredients, newest first."""
    met, waiting = {told["active_manifest"]}, [told["active_manifest"]]
    while waiting:
        manifest = told["manifests"].get(waiting.pop(0)) or {}
        for label in (one.get("active_manifest") for one in manifest.get("ingredients") or ()):
            if label and label not in met:
                met.add(label)
                waiting.append(label)
                assertions = (told["manifests"].get(label) or {}).get("assertions") or ()
                yield from (facts for one in assertions if (facts := _facts_in(one)))


def _facts_in(assertion: dict[str, Any]) -> dict[str, Any]:
    return known.told(assertion.get("data")) if assertion.get("label") == known.LABEL else {}


def _was_changed(ingredient: dict[str, Any]) -> bool:
    return any(code not in _NO_TRUST for code in _codes(ingredient, "failure"))


def _codes(told: dict[str, Any], kind: str) -> Iterator[str]:
    results = (told.get("validation_results") or {}).get("activeManifest") or {}
    return (status["code"] for status in results.get(kind) or ())
