"""Which code finds the faces, so that what an older one has found does not stay."""

import hashlib
from functools import cache
from pathlib import Path

from ml_backend import faces
from ml_backend.facesets import observe


@cache
def finder_id() -> str:
    """A hash of what finds and follows faces. Ends of lines do not count: machines of a farm share caches."""
    digest = hashlib.sha256()
    for file in (*sorted(Path(faces.__path__[0]).glob("*.py")), Path(observe.__file__)):
        digest.update(file.name.encode() + file.read_text("utf-8").encode())
    return digest.hexdigest()
