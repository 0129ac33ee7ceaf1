"""Which files of a folder are pictures, and their hashes."""

import hashlib
from pathlib import Path

PICTURES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".exr", ".dpx", ".webp"})


def pictures_in(folder: Path) -> list[Path]:
    """By their suffixes, sorted by name; hidden files are none."""
    files = (file for file in folder.iterdir() if file.suffix.lower() in PICTURES and not file.name.startswith("."))
    return sorted(file for file in files if file.is_file())


def sha256_of(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
