"""Which poses and expressions a faceset shows, from `ml-backend faceset stats --json`, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TOLD = 4


@dataclass(frozen=True)
class Coverage:
    """`lines` say what the faces show, `missing` what the identity lacks of the performer's; `picture` draws both."""

    faces: int
    lines: tuple[str, ...]
    missing: tuple[str, ...] = ()
    picture: Path | None = None
    compared: bool = False


def arguments(faceset: Path, against: Path | None = None, picture: Path | None = None) -> list[str]:
    """For `ml-backend`. Only two facesets make a picture: `against` is the performer's."""
    words = ["faceset", "stats", str(faceset), "--json"]
    if against is not None:
        words += ["--against", str(against), *(["--picture", str(picture)] if picture else [])]
    return words


def of_answer(answer: Mapping[str, Any]) -> Coverage:
    pose = answer.get("pose") or {}
    turned = [f"{label} {ends[0]}° to {ends[1]}°" for key, label in _POSE if (ends := pose.get(key))]
    cells = answer.get("coverage") or []
    faces = int(answer.get("faces") or 0)
    lines = [", ".join(turned)] if turned else []
    if cells:
        open_mouths = sum(int(cell["faces"]) for cell in cells if cell["mouth_open"])
        shut = sum(int(cell["faces"]) for cell in cells if cell["eyes_closed"])
        lines.append(f"Mouth open in {open_mouths}, eyes closed in {shut} of {faces}")
    gaps = answer.get("missing") or []
    missing = [_gap(gap) for gap in gaps[:_TOLD]]
    if len(gaps) > _TOLD:
        missing.append(f"and {len(gaps) - _TOLD} more")
    picture = answer.get("picture")
    return Coverage(faces, tuple(lines), tuple(missing), Path(picture) if picture else None, "missing" in answer)


def _gap(gap: Mapping[str, Any]) -> str:
    frames = int(gap.get("performer_faces") or 0)
    return f"{gap.get('missing')} (the performer: {frames} {'frame' if frames == 1 else 'frames'})"


_POSE = (("yaw", "Turned"), ("pitch", "nodding"), ("roll", "tilted"))
