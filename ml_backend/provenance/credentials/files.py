"""Put a credential into a picture or a film, or beside a file that cannot hold one."""

import json
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import c2pa

from ml_backend import atomic
from ml_backend.errors import BackendError

from .contexts import open_context, open_signer
from .facts import Facts, manifest
from .signing import Signing, load_signing

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
_PARENT = "opened"


def sidecar_of(path: Path) -> Path:
    """FILE.exr.c2pa: where the credential of a file lies that cannot hold it."""
    return path.with_name(path.name + SIDECAR)


def sign_file(path: Path, out: Path, facts: Facts, plate: Path | None = None, suffix: str | None = None) -> Signing:
    """Write `path` with a credential in it as `out`, which may be the same file.

    suffix: what kind of file it is, one of EMBEDDED; that of `out` where absent.

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
            _builder(facts, context, path, kind, plate) as builder,
            path.open("rb") as source,
            atomic.new_file(out) as part,
            part.open("w+b") as target,
        ):
            builder.sign(signer, kind, source, target)
    except (c2pa.C2paError, OSError) as error:
        raise _failed(path, error) from error
    return signing


def sign_sidecar(path: Path, facts: Facts, plate: Path | None = None) -> Signing:
    """Write the credential of `path`, whatever it is, as FILE.c2pa beside it. Raises as `sign_file` does."""
    signing = load_signing()
    atomic.write_bytes(sidecar_of(path), detached(path.read_bytes(), facts, signing, plate))
    return signing


def detached(data: bytes, facts: Facts, signing: Signing, plate: Path | None = None) -> bytes:
    """A credential of `data` that lies beside it. Raises BackendError where it cannot be signed."""
    try:
        with (
            open_context(signing.anchors) as context,
            open_signer(signing) as signer,
            _builder(facts, context, None, BESIDE, plate) as builder,
        ):
            builder.set_no_embed()
            return bytes(builder.sign(signer, BESIDE, BytesIO(data), BytesIO()))
    except c2pa.C2paError as error:
        raise BackendError(f"{facts.title} cannot be signed: {error}.", "Look at the certificate.") from error


def _builder(facts: Facts, context: Any, path: Path | None, kind: str, plate: Path | None) -> Any:
    """With the ingredient that was opened: the file's own history, or else the plate."""
    history = path is not None and _has_credentials(path, kind, context)
    opened = path if history else plate
    builder = c2pa.Builder(manifest(facts, _PARENT if opened else None), context)
    for number, file in enumerate(dict.fromkeys(one for one in (opened, plate) if one)):
        relation = "parentOf" if number == 0 else "inputTo"
        name = facts.title if file == path else file.name
        ingredient = {"title": name, "relationship": relation, "label": _PARENT if number == 0 else f"input{number}"}
        _add(builder, ingredient, file, kind if file == path else EMBEDDED.get(file.suffix.lower()))
    return builder


def _add(builder: Any, ingredient: dict[str, Any], file: Path, kind: str | None) -> None:
    """A sequence, or a film of a kind that C2PA does not know, is named by its name alone."""
    kind = kind if file.is_file() else None
    with file.open("rb") if kind else BytesIO() as stream:
        builder.add_ingredient(json.dumps({**ingredient, "format": kind or BESIDE}), kind or BESIDE, stream)


def _has_credentials(path: Path, kind: str, context: Any) -> bool:
    try:
        with path.open("rb") as file, c2pa.Reader(kind, file, context=context) as reader:
            return bool(reader.json())
    except c2pa.C2paError:
        return False


def _failed(path: Path, error: Exception) -> BackendError:
    return BackendError(f"{path} cannot be signed: {error}.", "See whether the file opens elsewhere; render it again.")
