"""A credential in every picture of a folder: many, quickly, by one signer."""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import c2pa

from .contexts import open_context, open_signer
from .facts import Facts
from .files import EMBEDDED, Made, embed, failed
from .plate import Plate, sha256_of
from .signing import load_signing


def with_credential(picture: bytes, suffix: str, facts: Facts, plate: Plate | None = None) -> bytes:
    """The content of a picture file (suffix: one of EMBEDDED) with its credential in it, quickly: it is not read back
    and has no time stamp. plate: what was opened.

    Raises BackendError where it cannot be signed.
    """
    signing, signed = replace(load_signing(), time_stamp=None), BytesIO()
    try:
        with open_signer(signing) as signer, open_context(signing.anchors, read_back=False) as context:
            embed(BytesIO(picture), signed, EMBEDDED[suffix], facts, (plate, ()), context, signer)
    except c2pa.C2paError as error:
        raise failed(facts.title, error, signing) from error
    return signed.getvalue()


def sign_pictures(pictures: Iterable[Path], into: Path, facts: Facts, made: Made) -> Iterator[tuple[str, str]]:
    """Write each of the `pictures` with its credential into the folder `into`; gives their names and new SHA-256.

    A picture that cannot hold a credential, such as an EXR, is not written: its hash is that of the picture itself.
    made: of what, as `embed` takes it; each picture names that by its hash alone. The first signature is read back; the
    others are made in the same way. They have no time stamp, for an authority is not asked thousands of times: the list
    of all of them has one.

    Raises BackendError for a picture that cannot be signed.
    """
    signing = replace(load_signing(), time_stamp=None)
    opened, placed = made
    named = (replace(opened, file=None) if opened else None, [replace(one, file=None) for one in placed])
    with ExitStack() as held:
        signer = held.enter_context(open_signer(signing))
        careful = held.enter_context(open_context(signing.anchors))
        quick = held.enter_context(open_context(signing.anchors, read_back=False))
        context = careful
        for picture in pictures:
            kind = EMBEDDED.get(picture.suffix.lower())
            if kind is None:
                yield picture.name, sha256_of(picture)
                continue
            signed = BytesIO()
            try:
                source = BytesIO(picture.read_bytes())  # the library asks for small pieces, thousands of times
                embed(source, signed, kind, replace(facts, title=picture.name), named, context, signer)
                (into / picture.name).write_bytes(signed.getbuffer())
            except (c2pa.C2paError, OSError) as error:
                raise failed(str(picture), error, signing) from error
            context = quick
            yield picture.name, hashlib.sha256(signed.getbuffer()).hexdigest()
