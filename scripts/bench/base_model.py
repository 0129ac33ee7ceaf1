"""What a base model saves: the quality of a swap after so much training, begun from the base and from noise.

    python scripts/bench/base_model.py WORK --base auto none [--images 17400 34800 69600] [--set key=value …]
    python scripts/bench/base_model.py WORK --base auto none --pair performer=CLIP identity=CLIP … truth=CLIP

Run in the backend's environment. Each budget is a training of its own, since the rate of learning falls towards the end
of it. Budgets are counted in images and not in minutes, so that another program on the machine does not change them:
quick96 makes 58 images a second on the 2 quiet cores that the figures of docs/ are from, so that 17,400 images are 5
minutes. Without --pair it is the demo's: trained on frames 1-90 of its plate, all of the plate swapped, and measured on
all of it and on its frames 91-120, which training has not seen. WORK keeps facesets, models and swaps; what is there is
not made again. `render_pairs.py` makes clips of other pairs.
"""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from demo_pair import CONSENT, DEMO, Pair, command, extract, swap_and_evaluate

COLUMNS = ("psnr", "psnr_plate", "ssim", "ssim_plate", "identity_to_identity", "identity_to_performer")


def measure(pair: Pair, folder: Path, facesets: Mapping[str, Path], steps: int, *, settings: list[str]) -> None:
    """Train, swap and evaluate one model; the figures go into FOLDER/figures.json."""
    consent = ("--consent", str(CONSENT))
    people = [f"--faceset={name}={path}" for name, path in facesets.items()]
    model = ("--model", str(folder / "model"))
    chosen = [word for one in settings for word in ("--set", one)]
    trained = command("train", *model, *people, "--preset", "quick96", "--iterations", str(steps), *chosen, *consent)
    figures: dict[str, Any] = {"train": trained}
    for name, frames in pair.measured.items():
        figures[name] = swap_and_evaluate(pair, folder / "model", folder / f"swap_{name}", facesets, frames)
    (folder / "figures.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def pair_of(words: list[str], measured: list[str]) -> Pair:
    """words, measured: NAME=CLIP, and NAME=FRAMES of the plate."""
    given = [(key, Path(value)) for key, value in (word.split("=", 1) for word in words)]
    paths, identity = dict(given), tuple(path for key, path in given if key == "identity")
    parts = {"all": ""} | dict(word.split("=", 1) for word in measured)
    name = f"{paths['truth'].parent.name}_{paths['truth'].stem}"
    return Pair(name, paths["performer"], identity, paths["truth"], paths.get("mask"), "1-", parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--base", nargs="+", default=["auto", "none"], help="auto, none, or files of bases")
    parser.add_argument("--images", nargs="+", type=int, default=[17_400, 34_800, 69_600])
    parser.add_argument("--batch", type=int, default=4, help="faces of each identity in a step")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="training settings to try")
    parser.add_argument("--label", default="", help="names these settings in WORK")
    parser.add_argument("--pair", nargs="+", metavar="NAME=CLIP", help="performer, identity, truth, mask")
    parser.add_argument("--measured", nargs="+", default=[], metavar="NAME=FRAMES", help="parts of the pair's plate")
    arguments = parser.parse_args()
    pair = pair_of(arguments.pair, arguments.measured) if arguments.pair else DEMO
    work = arguments.work / pair.name
    facesets = extract(pair, work)
    sets = [f"batch_size={arguments.batch}", *arguments.set]
    print(f"{'start':<24}{'images':>8} {'frames':<8}" + "".join(f"{name:>22}" for name in COLUMNS))
    for images in arguments.images:
        for base in arguments.base:
            start = Path(base).stem + arguments.label
            folder = work / f"{start}_{images}"
            folder.mkdir(parents=True, exist_ok=True)
            if not (folder / "figures.json").exists():
                steps = images // (2 * arguments.batch)
                measure(pair, folder, facesets, steps, settings=[f"base={base}", *sets])
            figures = json.loads((folder / "figures.json").read_text(encoding="utf-8"))
            for name in pair.measured:
                values = "".join(f"{figures[name][column]:22.3f}" for column in COLUMNS)
                print(f"{start:<24}{images:>8} {name:<8}{values}", flush=True)


if __name__ == "__main__":
    main()
