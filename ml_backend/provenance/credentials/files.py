"""Put a credential into a picture or a film, or beside a file that cannot hold one."""

import json
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import c2pa

from ml_backend import atomic
from ml_backend.errors import BackendError
from ml_backend.provenance.record import writable

from .contexts import open_context, open_signer
from .facts import Facts, manifest
from .plate import SHA256, Plate
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
_STORE = b"jumb"  # is in every file that holds a manifest store


def sidecar_of(path: Path) -> Path:
    """FILE.exr.c2pa: where the credential of a file lies that cannot hold it."""
    return path.with_name(path.name + SIDECAR)


def sign_file(
    path: Path,
    out: Path,
    facts: Facts,
    plate: Plate | None = None,
    suffix: str | None = None,
    placed: Sequence[Plate] = (),
) -> Signing:
    """Write `path` with a credential in it as `out`, which may be the same file; of a link, the file to which it leads.

    It keeps the permissions of the file in whose place it comes, or else those of `path`.
    suffix: what kind of file it is, one of EMBEDDED; that of `out` where absent. placed: other footage that is in it.

    A credential that `path` has already becomes the history of the new one; otherwise the plate, where there is one, is
    what was opened. Raises BackendError for a damaged file and where it cannot be signed.
    """
    kind = EMBEDDED.get((suffix or out.suffix).lower())
    if kind is None:
        raise BackendError(f"{out} cannot hold credentials.", f"Kinds that can: {', '.join(EMBEDDED)}.")
    signing, place = load_signing(), out.resolve()
    try:
        with (
            open_context(signing.anchors) as context,
            open_signer(signing) as signer,
            atomic.new_file(place) as part,  # first, so that both files are closed when it takes its place
            path.open("rb") as source,
            part.open("w+b") as target,
        ):
            embed(source, target, kind, facts, (plate, placed), context, signer)
            shutil.copymode(place if place.exists() else path, part)
    except (c2pa.C2paError, OSError) as error:
        raise failed(str(path), error, signing) from error
    return signing


Made = tuple[Plate | None, Sequence[Plate]]
"""Of what something was made: what was opened, and what was placed in it."""


def embed(source: BinaryIO, target: BinaryIO, kind: str, facts: Facts, made: Made, context: Any, signer: Any) -> None:
    """Write what `source` holds with a credential in it into `target`. Raises C2paError."""
    opened, placed = made
    placed = [one for one in dict.fromkeys(placed) if one != opened]
    history = None
    if _has_credentials(source, kind, context):
        source.seek(0)
        opened, placed, history = None, [*([opened] if opened else []), *placed], (source, kind)
    with _builder(facts, context, opened, placed, history) as builder:
        source.seek(0)
        builder.sign(signer, kind, source, target)


def sign_sidecar(path: Path, facts: Facts, plate: Plate | None = None, placed: Sequence[Plate] = ()) -> Signing:
    """Write the credential of `path`, whatever it is, as FILE.c2pa beside it. Raises as `sign_file` does."""
    signing = load_signing()
    with path.open("rb") as source:
        atomic.write_bytes(sidecar_of(path), detached(source, facts, signing, plate, placed))
    return signing


def detached(
    source: BinaryIO, facts: Facts, signing: Signing, plate: Plate | None = None, placed: Sequence[Plate] = ()
) -> bytes:
    """A credential of what `source` holds, which lies beside it. Raises BackendError where it cannot be signed."""
    try:
        with (
            open_context(signing.anchors) as context,
            open_signer(signing) as signer,
            _builder(facts, context, plate, [one for one in dict.fromkeys(placed) if one != plate]) as builder,
        ):
            builder.set_no_embed()
            return bytes(builder.sign(signer, BESIDE, source, Sink()))
    except c2pa.C2paError as error:
        raise failed(facts.title, error, signing) from error


def _builder(
    facts: Facts,
    context: Any,
    opened: Plate | None,
    placed: Sequence[Plate],
    history: tuple[BinaryIO, str] | None = None,
) -> Any:
    """history: the file itself and its kind, where its own credentials are what was opened."""
    labels = [f"placed{number}" for number in range(len(placed))]
    builder = c2pa.Builder(manifest(facts, _OPENED if opened or history else None, labels), context)
    if history:
        stream, kind = history
        told = {"title": facts.title, "relationship": "parentOf", "label": _OPENED, "format": kind}
        builder.add_ingredient(json.dumps(told), kind, stream)
    elif opened:
        _add(builder, opened, "parentOf", _OPENED)
    for one, label in zip(placed, labels, strict=True):
        _add(builder, one, "componentOf", label)
    return builder


def _add(builder: Any, one: Plate, relation: str, label: str) -> None:
    """A sequence, or a film that the library cannot read, is named by its name and hash alone."""
    told = {"title": writable(one.name), "relationship": relation, "label": label}
    if one.sha256:
        told["instance_id"] = SHA256 + one.sha256
    kind = EMBEDDED.get(one.file.suffix.lower()) if one.file else None
    if one.file and kind:
        with suppress(c2pa.C2paError, OSError), one.file.open("rb") as stream:
            builder.add_ingredient(json.dumps({**told, "format": kind}), kind, stream)
            return
    builder.add_ingredient(json.dumps({**told, "format": BESIDE}), BESIDE, BytesIO())


def _has_credentials(source: BinaryIO, kind: str, context: Any) -> bool:
    if isinstance(source, BytesIO) and _STORE not in source.getvalue():
        return False  # quicker by far than to read the file's parts
    try:
        with c2pa.Reader(kind, source, context=context) as reader:
            return bool(reader.json())
    except c2pa.C2paError:
        return False


def failed(what: str, error: Exception, signing: Signing) -> BackendError:
    """Which of the file, the certificate and the time stamp authority is to blame."""
    if signing.time_stamp and isinstance(error, c2pa.C2paError.Signature):
        fix = f"See whether {signing.time_stamp} answers, or take time_stamp out of the settings for now."
    elif isinstance(error, c2pa.C2paError.Signature | c2pa.C2paError.Verify):
        fix = f"Look at the certificates in {signing.file}."
    else:
        fix = "See whether the file opens elsewhere; render it again."
    return BackendError(f"{what} cannot be signed: {error}.", fix)
