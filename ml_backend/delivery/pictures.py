"""Which files of a folder are pictures, and their hashes."""

from pathlib import Path

PICTURES = frozenset(
    [
        ".png",
        ".jpg",
        ".jpeg",
        ".jpe",
        ".tif",
        ".tiff",
        ".exr",
        ".dpx",
        ".webp",
        ".bmp",
        ".tga",
        ".cin",
        ".hdr",
        ".jp2",
        ".j2c",
        ".jxl",
        ".pfm",
        ".avif",
        ".heic",
        ".gif",
        ".sgi",
        ".rgb",
        ".rgba",
        ".bw",
        ".jfif",
        ".j2k",
        ".heif",
        ".ppm",
        ".pgm",
        ".pbm",
        ".pnm",
        ".psd",
        ".dng",
        ".tx",
    ]
)


def pictures_in(folder: Path) -> list[Path]:
    """By their suffixes, sorted by name; hidden files are none."""
    files = (file for file in folder.iterdir() if file.suffix.lower() in PICTURES and not file.name.startswith("."))
    return sorted(file for file in files if file.is_file())
