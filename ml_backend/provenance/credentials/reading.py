"""What a credential says, and whether to believe it."""

import json
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import c2pa

from .contexts import open_context
from .facts import LABEL
from .files import BESIDE, EMBEDDED, sidecar_of
from .self_issued import ORGANISATION
from .signing import own_anchors

State = Literal["valid", "untrusted", "changed", "absent"]
_NO_TRUST = ("signingCredential.untrusted", "signingCredential.expired", "claimSignature.outsideValidity")


@dataclass(frozen=True)
class Credentials:
    """state: valid; untrusted (whole, but nobody here knows who signed it, or the certificate ran out); changed (the
    file or the credential is not as it was signed); absent.

    signer and self_issued: whose certificate. time: when it was signed, if an authority vouches for it. facts: what the
    backend wrote (see Facts). actions: what was done. ingredients: their titles. problems: C2PA's codes of what is
    wrong.
    """

    state: State
    signer: str = ""
    self_issued: bool = False
    time: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    actions: tuple[str, ...] = ()
    ingredients: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def read(path: Path) -> Credentials:
    """The credential in a file, or beside it. Raises OSError for a file that cannot be read."""
    beside = sidecar_of(path)
    if beside.is_file():
        return read_detached(path.read_bytes(), beside.read_bytes())
    kind = EMBEDDED.get(path.suffix.lower())
    if kind is None:
        return Credentials("absent")
    with path.open("rb") as file:
        return _read(kind, file, None)


def read_detached(data: bytes, credential: bytes) -> Credentials:
    """The credential that lies beside `data`."""
    return _read(BESIDE, BytesIO(data), credential)


def _read(kind: str, stream: Any, credential: bytes | None) -> Credentials:
    try:
        with open_context(own_anchors()) as context, c2pa.Reader(kind, stream, credential, context=context) as reader:
            return _understood(json.loads(reader.json()), reader.get_validation_state())
    except KeyError as error:  # what the credential says of itself does not hang together
        return Credentials("changed", problems=(f"no {error}",))
    except c2pa.C2paError.ManifestNotFound:
        return Credentials("absent")
    except (c2pa.C2paError, ValueError) as error:
        return Credentials("changed", problems=(str(error),))


def _understood(told: dict[str, Any], verdict: str | None) -> Credentials:
    manifest = told["manifests"][told["active_manifest"]]
    signature = manifest.get("signature_info") or {}
    failures = [status["code"] for status in told.get("validation_status") or ()]
    real = [code for code in failures if code not in _NO_TRUST]
    state: State = "valid" if verdict == "Trusted" else "changed" if real or verdict is None else "untrusted"
    assertions = {one["label"]: one["data"] for one in manifest.get("assertions") or ()}
    actions = assertions.get("c2pa.actions.v2", assertions.get("c2pa.actions", {})).get("actions", ())
    names = [str(signature[key]) for key in ("issuer", "common_name") if signature.get(key)]
    return Credentials(
        state=state,
        signer=", ".join(names),
        self_issued=signature.get("issuer") == ORGANISATION,
        time=signature.get("time"),
        facts=assertions.get(LABEL, {}),
        actions=tuple(action["action"] for action in actions),
        ingredients=tuple(one.get("title", "") for one in manifest.get("ingredients") or ()),
        problems=tuple(failures),
    )
