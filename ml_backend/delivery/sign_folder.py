"""Sign all pictures of a folder, each one and their list, or none."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from ml_backend.delivery.deliver_credentials import with_plate
from ml_backend.delivery.pictures import pictures_in
from ml_backend.provenance.credentials import Facts, sign_pictures, sign_sequence
from ml_backend.provenance.credentials.files import Made
from ml_backend.provenance.credentials.sequence import LIST, SIGNATURE
from ml_backend.provenance.credentials.signing import Signing


def sign_folder(folder: Path, facts: Facts, made: Made, told: Callable[[int, int], None]) -> Signing:
    """Put a credential into each picture of `folder` that can hold one, and sign the list of all.

    Nothing in it is changed before all is signed, for which there must be space for the pictures twice. Each keeps its
    permissions; a link becomes a signed picture, and what it leads to stays as it is. told: hears how
    many pictures are done, and of how many; what it raises stops the work.
    """
    for left in folder.glob(".signing.*.part"):  # by a process that was killed
        shutil.rmtree(left, ignore_errors=True)
    part = folder / f".signing.{uuid4().hex[:8]}.part"
    part.mkdir()
    try:
        pictures, facts, (opened, placed) = pictures_in(folder), with_plate(facts, made), made
        listed: list[tuple[str, str]] = []
        for one in sign_pictures(pictures, part, facts, made):
            listed.append(one)
            told(len(listed), len(pictures))
        signing = sign_sequence(part, listed, facts, plate=(lambda: opened) if opened else None, placed=placed)
        (folder / SIGNATURE).unlink(missing_ok=True)  # it fits neither list while the files change
        for name in [*(name for name, _ in listed), LIST, SIGNATURE]:
            if (part / name).is_file():
                _sync(part / name)
                if (folder / name).exists():
                    shutil.copymode(folder / name, part / name)
                (part / name).replace(folder / name)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return signing


def _sync(file: Path) -> None:
    with file.open("rb+") as handle:
        os.fsync(handle.fileno())
