"""What consent, audit and credentials cost a swap, beside what the swap itself takes.

    python scripts/bench/provenance_cost.py WORK [--heights 540 1080] [--frames 120] [--swap-ms 540=210 1080=480]

Run in the backend's environment on a quiet machine. For each height it makes a plate and a swap as
`scripts/bench/swap_speed.py` does (a fast128 model), unless --swap-ms says how long a frame of the swap takes
(ml-backend swap --json tells it). Then, in WORK's own home folder, on the frames of that swap, or on as many layers of
its kind: the consent check of both people, the look at every 25th frame whether it was revoked, one audit entry, the
SHA-256 of every frame and of the plate, and the signature of the list. The median of --rounds is divided by the frames.
The aim is under 3 %. Then what it costs to sign each picture of a delivered folder, and to read one: PNG, JPEG, TIFF
of 16 bits.
"""

import argparse
import os
import shutil
import statistics
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np
from demo_pair import CONSENT, IDENTITY, PERFORMER
from swap_speed import make_model, make_plate, swap

from ml_backend.delivery.deliver_credentials import facts_of
from ml_backend.delivery.deliver_swaps import DeliveredSwap, delivered_swaps
from ml_backend.delivery.sign_folder import sign_folder
from ml_backend.delivery.verify import verify_folder
from ml_backend.media.write import encode_png
from ml_backend.provenance import audit
from ml_backend.provenance.credentials import Plate, plate_of, read, sign_sequence
from ml_backend.provenance.gate import Purpose, require
from ml_backend.provenance.withdrawn import check_not_withdrawn
from ml_backend.swapping.manifest import Consent, Manifest, write_manifest

AIM = 3.0  # percent
PLATE = Path(__file__).parents[2] / "demo" / "footage" / "plate_A.mp4"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--heights", nargs="+", type=int, default=[540, 1080])
    parser.add_argument("--frames", type=int, default=120)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--swap-ms", nargs="+", default=[], metavar="HEIGHT=MS", help="known times of a swap's frame")
    arguments = parser.parse_args()
    os.environ["ML_BACKEND_HOME"] = str((arguments.work / "home").absolute())
    os.environ["ML_BACKEND_PROJECT"] = "demo"
    known = {int(height): float(ms) for height, ms in (text.split("=") for text in arguments.swap_ms)}
    worst = 0.0
    for height in arguments.heights:
        if height in known:
            folder, taken = layers(arguments.work, height, arguments.frames), known[height]
        else:
            folder, taken = made_swap(arguments.work, height, arguments.frames)
        worst = max(worst, cost(folder, height, taken, arguments.rounds))
        for suffix in (".png", ".jpg", ".tif"):
            delivered(arguments.work, height, min(arguments.frames, 48), suffix)
    print(f"\nThe aim is under {AIM:g} %: {'held' if worst < AIM else 'MISSED'}")
    return 0


def made_swap(work: Path, height: int, frames: int) -> tuple[Path, float]:
    """A swap of a plate that is made now, and the milliseconds that a frame took."""
    plate = make_plate(work, height, frames, 0.45)
    out = work / f"cost_{height}"
    shutil.rmtree(out, ignore_errors=True)
    result = swap(plate, make_model(work), out)
    return out, result["seconds"] / frames * 1000


def layers(work: Path, height: int, frames: int) -> Path:
    """A folder of layers as large as a swap's: a face of noise on a frame that is otherwise empty."""
    folder = work / f"layers_{height}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    width = round(height * 16 / 9 / 2) * 2
    mask = np.zeros((height, width), np.uint8)
    cv2.ellipse(mask, (width // 2, height // 2), (height // 6, height // 5), 0, 0, 360, 255, -1)
    random = np.random.default_rng(0)
    for number in range(1, frames + 1):
        noise = cv2.GaussianBlur(random.integers(0, 256, (height, width, 3), np.uint8), (0, 0), 2)
        layer = np.dstack([noise * (mask[..., None] > 0), mask])
        (folder / f"{number:06d}.png").write_bytes(encode_png(layer))
    write_manifest(folder, _described(height, width, frames))
    return folder


def _described(height: int, width: int, frames: int) -> Manifest:
    return Manifest(
        plate={"source": "plate.mp4", "frames": f"1-{frames}"},
        identity=IDENTITY,
        model="model",
        checkpoint=sha256(b"checkpoint").hexdigest(),
        width=width,
        height=height,
        bit_depth=8,
        fps="25",
        timecode=None,
        first=1,
        last=frames,
        output="png8",
        alpha="straight",
        colour="sRGB",
        jitter=None,
        settings={},
        keys={},
        fingerprint="",
        consent=Consent(identity=IDENTITY, record_sha256=sha256(b"record").hexdigest()),
        frames=[],
    )


def cost(folder: Path, height: int, taken: float, rounds: int) -> float:
    """Print what the parts cost a frame, and return the sum in percent of the swap's time."""
    files = sorted(folder.glob("*.png"))
    [described] = delivered_swaps([folder])
    purpose = Purpose("swap", CONSENT, footage="plate_A.mp4")
    people = require((PERFORMER, IDENTITY), purpose).hashes()
    steps: dict[str, Callable[[], object]] = {
        "consent check": lambda: require((PERFORMER, IDENTITY), purpose),
        "revoked meanwhile?": lambda: [check_not_withdrawn(people, CONSENT) for _ in files[::25]],
        "audit entry": lambda: audit.enter("swap", {IDENTITY: "0" * 64}, {"frames": len(files)}),
        "SHA-256 of every frame": lambda: _hashes(files),
        "SHA-256 of the plate": lambda: plate_of(PLATE, [PLATE]),
        "signed list": lambda: _sign(folder, files, described),
    }
    size = sum(file.stat().st_size for file in files) / len(files) / 1000
    print(f"\n{height}p, {len(files)} frames of {size:.0f} kB, the swap takes {taken:.1f} ms a frame")
    total = 0.0
    for name, step in steps.items():
        step()  # the first time loads modules and makes keys
        once = statistics.median(_milliseconds(step) for _ in range(rounds))
        total += once
        print(f"  {name:24} {once:8.2f} ms, {once / len(files):7.3f} ms a frame")
    part = total / len(files) / taken * 100
    print(f"  {'all of it':24} {total:8.2f} ms, {total / len(files):7.3f} ms a frame: {part:.2f} % of the swap")
    return part


def delivered(work: Path, height: int, frames: int, suffix: str) -> None:
    """Print what the credentials of a folder of the plate's pictures cost, a picture each."""
    folder = work / f"delivered_{height}{suffix}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    film, width = cv2.VideoCapture(str(PLATE)), round(height * 16 / 9 / 2) * 2
    for number in range(frames):
        picture = cv2.resize(film.read()[1], (width, height), interpolation=cv2.INTER_CUBIC)
        deep = picture.astype(np.uint16) * 257 if suffix == ".tif" else picture
        cv2.imwrite(str(folder / f"{number:06d}{suffix}"), deep)
    size = sum(file.stat().st_size for file in folder.iterdir())
    [described] = delivered_swaps([layers(work, 96, 1)])
    facts, made = facts_of(folder.name, [described], None, audit.head()), (Plate("plate.mp4", "0" * 64), ())
    signed = _milliseconds(lambda: sign_folder(folder, facts, made, lambda done, count: None)) / frames
    grown = (sum(file.stat().st_size for file in folder.glob(f"*{suffix}")) - size) / frames / 1000
    listed = _milliseconds(lambda: verify_folder(folder)) / frames
    files = sorted(folder.glob(f"*{suffix}"))
    alone = _milliseconds(lambda: [read(file) for file in files]) / frames
    kind = f"{suffix[1:].upper()} of {size / frames / 1000:.0f} kB"
    print(
        f"  {kind}: signed {signed:.1f} ms a picture ({grown:.1f} kB more), "
        f"verified {listed:.2f} ms by the list, {alone:.1f} ms by its own credential"
    )


def _hashes(files: list[Path]) -> list[tuple[str, str]]:
    return [(file.name, sha256(file.read_bytes()).hexdigest()) for file in files]


def _sign(folder: Path, files: list[Path], described: DeliveredSwap) -> None:
    """Hashes that are known already, as a swap's are, but new ones each time: what is signed is not signed again."""
    known = [(file.name, sha256(str(time.perf_counter()).encode()).hexdigest()) for file in files]
    facts = facts_of(folder.name, [described], None, audit.head())
    sign_sequence(folder, known, facts, plate=lambda: Plate("plate.mp4", "0" * 64))


def _milliseconds(step: Callable[[], object]) -> float:
    started = time.perf_counter()
    step()
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    raise SystemExit(main())
