"""What benchmarks of training share: a pair of people with the truth of their swap, and commands on it.

The demo's pair learns from frames 1-90 of its plate, so that its frames 91-120 show what training has not seen.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FOOTAGE = ROOT / "demo" / "footage"
CONSENT = ROOT / "demo" / "consent"
PERFORMER, IDENTITY = "performer_A", "identity_B"
LEARNED, UNSEEN = (1, 90), (91, 120)  # frames of the demo's plate


@dataclass(frozen=True)
class Pair:
    """Footage of a performer and an identity, and the truth of the swap. learned: the plate's frames for training."""

    name: str
    performer: Path
    identity: tuple[Path, ...]
    truth: Path
    mask: Path | None
    learned: str
    measured: Mapping[str, str]


DEMO = Pair(
    "demo",
    FOOTAGE / "plate_A.mp4",
    (FOOTAGE / "identity_B_take1.mp4", FOOTAGE / "identity_B_take2.mp4"),
    FOOTAGE / "truth_A_as_B.mp4",
    FOOTAGE / "mask_A.mp4",
    f"{LEARNED[0]}-{LEARNED[1]}",
    {"all": "", "unseen": f"{UNSEEN[0]}-{UNSEEN[1]}"},
)


def command(*words: str) -> dict[str, Any]:
    """One ml-backend command in a process of its own, as a user runs it; its --json result."""
    return program("-m", "ml_backend", *words, "--json")


def program(*words: str) -> dict[str, Any]:
    """Run Python with these arguments; the JSON object in its last line."""
    environment = os.environ | {"ML_BACKEND_PROJECT": "demo"}  # for which the demo's people agreed
    done = subprocess.run([sys.executable, *words], check=True, stdout=subprocess.PIPE, text=True, env=environment)
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def extract(pair: Pair, folder: Path) -> dict[str, Path]:
    """The facesets of both people, by name; those that are there are not made again."""
    facesets = {PERFORMER: folder / PERFORMER, IDENTITY: folder / IDENTITY}
    if not facesets[PERFORMER].exists():
        command("extract", str(pair.performer), "--faceset", str(facesets[PERFORMER]), "--frames", pair.learned)
    if not facesets[IDENTITY].exists():
        command("extract", *map(str, pair.identity), "--faceset", str(facesets[IDENTITY]))
    return facesets


def swap_and_evaluate(pair: Pair, model: Path, out: Path, facesets: Mapping[str, Path], frames: str) -> dict[str, Any]:
    """Swap frames of the plate (all where there is no text) and compare with the truth; what evaluate says."""
    some = ("--frames", frames) if frames else ()
    to = ("--identity", IDENTITY, "--out", str(out))
    command("swap", str(pair.performer), "--model", str(model), *to, *some, "--consent", str(CONSENT))
    against = ("--plate", str(pair.performer), "--truth", str(pair.truth))
    known = [f"--{who}-faceset={facesets[key]}" for who, key in (("identity", IDENTITY), ("performer", PERFORMER))]
    inside = ("--mask", str(pair.mask)) if pair.mask else ()
    return command("evaluate", str(out), *against, *inside, *known)
