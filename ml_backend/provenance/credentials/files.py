"""Put a credential into a picture or a film, or beside a file that cannot hold one."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import c2pa

from ml_backend import atomic
from ml_backend.errors import BackendError

from .contexts import open_context, open_signer
from .facts import Facts, manifest
from .signing import Signing, load_signing
from .sink import Sink

EMBEDDED: Mapping[str, str] = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".webp": "image/webp",
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
}
"""The kinds of file that hold their own credential."""
SIDECAR = ".c2pa"
BESIDE = "application/octet-stream"
_OPENED = "opened"


def sidecar_of(path: Path) -> Path:
    """FILE.exr.c2pa: where the credential of a file lies that cannot hold it."""
    return path.with_name(path.name + SIDECAR)


def sign_file(
    path: Path,
    out: Path,
    facts: Facts,
    plate: Path | None = None,
    suffix: str | None = None,
    placed: Sequence[Path] = (),
) -> Signing:
    """Write `path` with a credential in it as `out`, which may be the same file.

    suffix: what kind of file it is, one of EMBEDDED; that of `out` where absent. placed: other footage that is in it.

    A credential that `path` has already becomes the history of the new one; otherwise the plate, where there is one, is
    what was opened. Raises BackendError for a damaged file and where it cannot be signed.
    """
    kind = EMBEDDED.get((suffix or out.suffix).lower())
    if kind is None:
        raise BackendError(f"{out} cannot hold credentials.", f"Kinds that can: {', '.join(EMBEDDED)}.")
    signing = load_signing()
    try:
        with (
            open_context(signing.anchors) as context,
            open_signer(signing) as signer,
            _builder(facts, context, _footage(path, kind, plate, placed, context)) as builder,
            atomic.new_file(out) as part,  # first, so that both files are closed when it takes its place
            path.open("rb") as source,
            part.open("w+b") as target,
        ):
            builder.sign(signer, kind, source, target)
    except (c2pa.C2paError, OSError) as error:
        raise _failed(str(path), error, signing) from error
    return signing


def sign_sidecar(path: Path, facts: Facts, plate: Path | None = None, placed: Sequence[Path] = ()) -> Signing:
    """Write the credential of `path`, whatever it is, as FILE.c2pa beside it. Raises as `sign_file` does."""
    signing = load_signing()
    with path.open("rb") as source:
        atomic.write_bytes(sidecar_of(path), detached(source, facts, signing, plate, placed))
    return signing


def detached(
    source: BinaryIO, facts: Facts, signing: Signing, plate: Path | None = None, placed: Sequence[Path] = ()
) -> bytes:
    """A credential of what `source` holds, which lies beside it. Raises BackendError where it cannot be signed."""
    others = _others(plate, placed)
    try:
        with (
            open_context(signing.anchors) as context,
            open_signer(signing) as signer,
            _builder(facts, context, (others[0], others[1:]) if plate else (None, others)) as builder,
        ):
            builder.set_no_embed()
            return bytes(builder.sign(signer, BESIDE, source, Sink()))
    except c2pa.C2paError as error:
        raise _failed(facts.title, error, signing) from error


@dataclass(frozen=True)
class _Footage:
    """An ingredient. kind: the media type of what is signed itself; None for other footage."""

    file: Path
    kind: str | None = None


_Ingredients = tuple[_Footage | None, Sequence[_Footage]]
"""What was opened, and what was placed in it."""


def _footage(path: Path, kind: str, plate: Path | None, placed: Sequence[Path], context: Any) -> _Ingredients:
    """What was opened is the file's own history, or else the plate."""
    others = _others(plate, placed)
    if _has_credentials(path, kind, context):
        return _Footage(path, kind), others
    return (others[0], others[1:]) if plate else (None, others)


def _others(plate: Path | None, placed: Sequence[Path]) -> list[_Footage]:
    return [_Footage(one) for one in dict.fromkeys((plate, *placed)) if one is not None]


def _builder(facts: Facts, context: Any, ingredients: _Ingredients) -> Any:
    opened, placed = ingredients
    labels = [f"placed{number}" for number in range(len(placed))]
    builder = c2pa.Builder(manifest(facts, _OPENED if opened else None, labels), context)
    if opened:
        _add(builder, opened, "parentOf", _OPENED, facts.title if opened.kind else opened.file.name)
    for one, label in zip(placed, labels, strict=True):
        _add(builder, one, "componentOf", label, one.file.name)
    return builder


def _add(builder: Any, one: _Footage, relation: str, label: str, title: str) -> None:
    """A sequence, or a film that the library cannot read, is named by its name alone."""
    told = {"title": title, "relationship": relation, "label": label}
    kind = (one.kind or EMBEDDED.get(one.file.suffix.lower())) if one.file.is_file() else None
    if kind:
        with suppress(c2pa.C2paError), one.file.open("rb") as stream:
            builder.add_ingredient(json.dumps({**told, "format": kind}), kind, stream)
            return
    builder.add_ingredient(json.dumps({**told, "format": BESIDE}), BESIDE, BytesIO())


def _has_credentials(path: Path, kind: str, context: Any) -> bool:
    try:
        with path.open("rb") as file, c2pa.Reader(kind, file, context=context) as reader:
            return bool(reader.json())
    except c2pa.C2paError:
        return False


def _failed(what: str, error: Exception, signing: Signing) -> BackendError:
    """Which of the file, the certificate and the time stamp authority is to blame."""
    if signing.time_stamp and isinstance(error, c2pa.C2paError.Signature):
        fix = f"See whether {signing.time_stamp} answers, or take time_stamp out of the settings for now."
    elif isinstance(error, c2pa.C2paError.Signature | c2pa.C2paError.Verify):
        fix = f"Look at the certificates in {signing.file}."
    else:
        fix = "See whether the file opens elsewhere; render it again."
    return BackendError(f"{what} cannot be signed: {error}.", fix)
