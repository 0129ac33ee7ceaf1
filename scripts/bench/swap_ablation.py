"""What each choice of a swap does to the result: the same model, one setting changed at a time, against the truth.

    python scripts/bench/swap_ablation.py WORK [--iterations 1500] [--only colour blend …] [--frames 1-120]

Run in the backend's environment, on the demo footage. WORK keeps the model, the swaps and their figures; what is there
is not made again. The first row is the default; the next one is without grain, whose noise is like no truth's and hides
what else there is to see, and each other row differs from that in what its name says. `unseen` are the frames 91-120,
which the training has not seen.
"""

import argparse
import json
import shutil
import statistics
from pathlib import Path
from typing import Any

from demo_pair import CONSENT, DEMO, IDENTITY, UNSEEN, command, extract

GROUPS: dict[str, list[dict[str, str]]] = {
    "colour": [{"colour": name} for name in ("none", "mean", "reinhard", "mkl", "histogram", "transport", "light")]
    + [{"colour_strength": "0.5"}, {"colour_smooth": "2"}, {"colour_skin": "true"}],
    "blend": [{"blend": name} for name in ("feather", "multiband", "poisson", "light")]
    + [{"blend": "light", "colour": "none"}, {"blend": "poisson", "colour": "none"}],
    "place": [{"fit": "0"}, {"performance": "0"}, {"performance": "0.4"}, {"performance": "1"}, {"inner_mouth": "0"}],
    "time": [{"smooth": "0"}, {"smooth": "2"}, {"mask_smooth": "0"}, {"mask_smooth": "2"}],
    "detail": [{"enlarge": name} for name in ("cubic", "lanczos", "detail")]
    + [
        {"detail": "0"},
        {"detail": "0.5"},
        {"sharpness": "0.5"},
        {"sharpness": "1"},
        {"motion_blur": "0.5"},
    ],
    "edge": [{"erode": "0.05"}, {"erode": "-0.05"}, {"feather": "0.08"}, {"feather": "0.3"}, {"learned_mask": "false"}],
}
PLAIN = {"grain": "0"}
COLUMNS = (
    "psnr",
    "ssim",
    "identity_to_identity",
    "expression_error",
    "jitter",
    "flicker_brightness",
    "sharpness_ratio",
    "edge_visibility",
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--iterations", default="1500", help="of training (1500, about two minutes of one core)")
    parser.add_argument("--only", nargs="+", choices=list(GROUPS), default=list(GROUPS))
    parser.add_argument("--frames", default="1-120")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="of the training")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    facesets = extract(DEMO, arguments.work)
    model = arguments.work / "model"
    people = [f"--faceset={name}={path}" for name, path in facesets.items()]
    chosen = [f"--set={one}" for one in arguments.set]
    train = ("train", "--model", str(model), *people, "--iterations", arguments.iterations, *chosen)
    command(*train, "--consent", str(CONSENT))
    print(f"| {'setting':28} | " + " | ".join(COLUMNS) + " | psnr unseen |")
    print("|---" * (len(COLUMNS) + 2) + "|")
    report("default", {}, model, facesets, arguments)
    for settings in (PLAIN, *(one for group in arguments.only for one in GROUPS[group])):
        name = " ".join(f"{key}={value}" for key, value in settings.items())
        report(name, PLAIN | settings, model, facesets, arguments)
    return 0


def report(name: str, settings: dict[str, str], model: Path, facesets: Any, arguments: argparse.Namespace) -> None:
    figures = measure(name, settings, model, facesets, arguments)
    row = [figures[column] for column in (*COLUMNS, "unseen")]
    print(f"| {name:28} | " + " | ".join("–" if value is None else f"{value:.3f}" for value in row) + " |", flush=True)


def measure(
    name: str, settings: dict[str, str], model: Path, facesets: dict[str, Path], arguments: argparse.Namespace
) -> dict[str, Any]:
    folder = arguments.work / "swaps" / name.replace(" ", "_")
    file = folder / "ablation.json"
    if file.is_file():
        kept: dict[str, Any] = json.loads(file.read_text("utf-8"))
        return kept
    seen = arguments.work / "swaps" / "default" / "cache"  # where the plate's faces are: the same for all
    if seen.is_dir() and not folder.exists():
        shutil.copytree(seen, folder / "cache")
    texts = [f"--set={key}={value}" for key, value in settings.items()]
    plate = str(DEMO.performer)
    swap = ("swap", plate, "--model", str(model), "--identity", IDENTITY, "--out", str(folder), *texts)
    command(*swap, "--frames", arguments.frames, "--consent", str(CONSENT))
    against = ("--plate", plate, "--truth", str(DEMO.truth), "--mask", str(DEMO.mask), "--frames", arguments.frames)
    whose = zip(("performer", "identity"), facesets.values(), strict=True)
    known = [f"--{who}-faceset={path}" for who, path in whose]
    figures = command("evaluate", str(folder), *against, *known, "--no-report")
    frames = json.loads((folder / "evaluation.json").read_text("utf-8"))["frames"]
    unseen = [one["psnr"] for one in frames if UNSEEN[0] <= one["frame"] <= UNSEEN[1]]
    figures["unseen"] = statistics.fmean(unseen) if unseen else None
    file.write_text(json.dumps(figures), "utf-8")
    return figures


if __name__ == "__main__":
    raise SystemExit(main())
