"""What each choice of a swap does to the result: the same model, one setting changed at a time, against the truth.

    python scripts/bench/swap_ablation.py WORK [--minutes 4] [--only colour blend …] [--frames 1-120]

Run in the backend's environment, on the demo footage. WORK keeps the model, the swaps and their figures; what is there
is not made again. The first row is the default; each other row differs from it in what its name says. `unseen` are the
frames 91-120, which the training has not seen.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from demo_pair import CONSENT, DEMO, IDENTITY, command, extract

GROUPS: dict[str, list[dict[str, str]]] = {
    "colour": [{"colour": name} for name in ("none", "mean", "reinhard", "mkl", "histogram", "transport", "light")]
    + [{"colour_strength": "0.5"}, {"colour_smooth": "2"}, {"colour_skin": "true"}],
    "blend": [{"blend": name} for name in ("feather", "multiband", "poisson", "light")]
    + [{"blend": "light", "colour": "none"}, {"blend": "poisson", "colour": "none"}],
    "time": [{"smooth": "0"}, {"smooth": "2"}, {"mask_smooth": "0"}, {"mask_smooth": "2"}],
    "detail": [{"enlarge": name} for name in ("cubic", "lanczos", "detail")]
    + [
        {"detail": "0"},
        {"detail": "0.5"},
        {"sharpness": "0.5"},
        {"sharpness": "1"},
        {"grain": "1"},
        {"motion_blur": "0.5"},
    ],
    "edge": [{"erode": "0.05"}, {"erode": "-0.05"}, {"feather": "0.08"}, {"feather": "0.3"}, {"learned_mask": "false"}],
}
COLUMNS = ("psnr", "ssim", "identity_to_identity", "jitter", "flicker_brightness", "sharpness_ratio", "edge_visibility")
UNSEEN = "91-120"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--minutes", default="4", help="of training (4)")
    parser.add_argument("--only", nargs="+", choices=list(GROUPS), default=list(GROUPS))
    parser.add_argument("--frames", default="1-120")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="of the training")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    facesets = extract(DEMO, arguments.work)
    model = arguments.work / "model"
    people = [f"--faceset={name}={path}" for name, path in facesets.items()]
    chosen = [f"--set={one}" for one in arguments.set]
    train = ("train", "--model", str(model), *people, "--minutes", arguments.minutes, *chosen)
    command(*train, "--consent", str(CONSENT))
    print(f"| {'setting':28} | " + " | ".join(COLUMNS) + " | psnr unseen |")
    print("|---" * (len(COLUMNS) + 2) + "|")
    report("default", {}, model, facesets, arguments)
    for group in arguments.only:
        for settings in GROUPS[group]:
            name = " ".join(f"{key}={value}" for key, value in settings.items())
            report(name, settings, model, facesets, arguments)
    return 0


def report(name: str, settings: dict[str, str], model: Path, facesets: Any, arguments: argparse.Namespace) -> None:
    figures = measure(name, settings, model, facesets, arguments)
    row = [figures["all"][column] for column in COLUMNS] + [figures["unseen"]["psnr"]]
    print(f"| {name:28} | " + " | ".join("–" if value is None else f"{value:.3f}" for value in row) + " |", flush=True)


def measure(
    name: str, settings: dict[str, str], model: Path, facesets: dict[str, Path], arguments: argparse.Namespace
) -> dict[str, Any]:
    folder = arguments.work / "swaps" / name.replace(" ", "_")
    file = folder / "ablation.json"
    if file.is_file():
        kept: dict[str, Any] = json.loads(file.read_text("utf-8"))
        return kept
    texts = [f"--set={key}={value}" for key, value in settings.items()]
    plate = str(DEMO.performer)
    swap = ("swap", plate, "--model", str(model), "--identity", IDENTITY, "--out", str(folder), *texts)
    command(*swap, "--frames", arguments.frames, "--consent", str(CONSENT))
    figures = {}
    for part, frames in (("all", arguments.frames), ("unseen", UNSEEN)):
        against = ("--plate", plate, "--truth", str(DEMO.truth), "--mask", str(DEMO.mask), "--frames", frames)
        whose = zip(("performer", "identity"), facesets.values(), strict=True)
        known = [f"--{who}-faceset={path}" for who, path in whose]
        figures[part] = command("evaluate", str(folder), *against, *known, "--no-report")
    file.write_text(json.dumps(figures), "utf-8")
    return figures


if __name__ == "__main__":
    raise SystemExit(main())
