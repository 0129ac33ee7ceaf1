"""What a panel shows of a faceset, read from its folder without the backend."""

from dataclasses import dataclass
from pathlib import Path

from . import faceset_index

SHOWN = 5  # pictures


@dataclass(frozen=True)
class FacesetSummary:
    """`pictures` are a few faces spread over the faceset; `stamp` changes when the pictures may have."""

    count: int = 0
    pictures: tuple[Path, ...] = ()
    stamp: str = ""


def summarise(faceset: Path) -> FacesetSummary:
    """Of a folder that is no faceset: empty. Raises DeepfakeError for a damaged one. Reads a folder and an index."""
    if not (faceset / "index.sqlite").is_file():
        return FacesetSummary()
    names = faceset_index.names(faceset)
    chosen = [faceset / "faces" / names[place] for place in spread(len(names), SHOWN)]
    stamp = f"{len(names)} {' '.join(f'{file.name}:{file.stat().st_mtime_ns}' for file in chosen if file.exists())}"
    return FacesetSummary(len(names), tuple(chosen), stamp)


def spread(count: int, shown: int) -> list[int]:
    """`shown` of `count` places, or all, evenly from the first to the last."""
    if count <= shown:
        return list(range(count))
    return [round(number * (count - 1) / (shown - 1)) for number in range(shown)]


def counted(count: int) -> str:
    return "1 face" if count == 1 else f"{count} faces"
