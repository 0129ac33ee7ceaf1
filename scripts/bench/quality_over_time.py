"""How good a swap is after so many minutes of training, preset by preset.

    python scripts/bench/quality_over_time.py WORK [--minutes 5 10 20 40] [--only NAME …] [--kept] [--picture FILE.png]
    python scripts/bench/quality_over_time.py WORK --minutes 1 2 5 --case NAME PRESET KEY=VALUE … --case …

Trained on the demo's frames 1-90, swapped and measured on all of its plate. Minutes are processor time of the training
process (see cpu_training.py). The learning rate falls in the last part of a budget, so each budget needs an end of its
own, but what comes before is the same for all: each case has one trunk at the full rate, and at the right moments of it
a copy is taken, told its budget in steps, and trained to its end. That gives the weights that a training with
`--iterations` would give from the start. WORK keeps facesets, models and figures; what is there is not made again.
quality_over_time.json and .md in WORK hold all that it knows.
"""

import argparse
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from demo_pair import CONSENT, DEMO, LEARNED, UNSEEN, extract, program, swap_and_evaluate
from minutes_plot import Curve, plot

from ml_backend.requests import TrainRequest
from ml_backend.training.models.checkpoints import list_checkpoints
from ml_backend.training.presets import make_config

HERE = Path(__file__).resolve().parent
ENDLESS = 10**9  # steps: of such a budget nothing is ever spent
LATE_STEPS = 24  # that show what a late step costs
FRAMES = {"all": (LEARNED[0], UNSEEN[1]), "trained": LEARNED, "unseen": UNSEEN}
FIGURES = (
    "psnr",
    "psnr_plate",
    "ssim",
    "ssim_plate",
    "identity_to_identity",
    "identity_to_performer",
    "expression_error",
)
PLAIN = {"keep_checkpoints": "1", "keep_history": "false", "checkpoint_minutes": "100000", "preview_minutes": "100000"}


@dataclass(frozen=True)
class Case:
    """A training to try.

    late: settings from where the learning rate begins to fall. trunk: the case whose trunk this one shares.
    """

    name: str
    preset: str
    settings: Mapping[str, str] = field(default_factory=dict)
    late: Mapping[str, str] = field(default_factory=dict)
    trunk: str = ""

    @property
    def full_rate(self) -> float:
        """The part of the budget before the learning rate falls."""
        return 1 - make_config(self.preset, self.settings).cool_down


@dataclass(frozen=True)
class Trained:
    """A model folder and what was spent on it, from the first step on."""

    model: Path
    iterations: int
    cpu_seconds: float
    wall_seconds: float
    step_seconds: float


CASES = (
    Case("quick96, base", "quick96"),
    Case("quick96, base, all at one rate", "quick96", {"encoder_rate": "1"}),
    Case("quick96, noise", "quick96", {"base": "none", "encoder_rate": "1"}),
    Case("quick64", "quick64"),
    Case("classic64", "classic64"),
    Case("df128", "df128"),
    Case(
        "quick96, base, GAN late", "quick96", {}, {"loss.adversarial": "0.02", "opponent.kind": "unet"}, "quick96, base"
    ),
)


class Bench:
    def __init__(self, work: Path, facesets: Mapping[str, Path]) -> None:
        self._work, self._facesets = work, facesets

    def file(self, case: Case, minutes: float) -> Path:
        return self._work / _file_name(case.name) / f"{minutes:g}" / "figures.json"

    def measure(self, case: Case, minutes: float) -> dict[str, Any]:
        """The figures of a case after so many minutes, from its file or made now."""
        file = self.file(case, minutes)
        folder = file.parent
        if not file.exists():
            trained = self._start(case, folder) if minutes == 0 else self._end(case, minutes, folder)
            out = folder / "swap"
            shutil.rmtree(out, ignore_errors=True)
            swap_and_evaluate(DEMO, trained.model, out, self._facesets, "")
            spent = {"iterations": trained.iterations, "cpu_minutes": trained.cpu_seconds / 60}
            spent |= {"wall_minutes": trained.wall_seconds / 60, "images": trained.iterations * self._images(case)}
            file.write_text(json.dumps({"case": case.name, "minutes": minutes} | spent) + "\n", encoding="utf-8")
            shutil.rmtree(trained.model)  # up to a gigabyte; the swap is what is looked at
        result: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        rows = json.loads((folder / "swap" / "evaluation.json").read_text(encoding="utf-8"))["frames"]
        return result | {name: _means(rows, first, last) for name, (first, last) in FRAMES.items()}

    def _images(self, case: Case) -> int:
        return make_config(case.preset, case.settings).batch_size * len(self._facesets)

    def _start(self, case: Case, folder: Path) -> Trained:
        """A model after one step of the warm-up: what it begins from."""
        _fresh(folder)
        return self._train(case, folder / "model", case.settings, 1, np.inf)

    def _end(self, case: Case, minutes: float, folder: Path) -> Trained:
        """A model that was trained to the end of a budget of so many minutes."""
        share = case.full_rate
        late = self._late_cost(case)
        # share·N steps at the trunk's cost and the others at the late one are the budget
        trunk = self._trunk(case, minutes * 60 * share / (share + (1 - share) * late))
        _fresh(folder)
        shutil.copytree(trunk.model, folder / "model")
        steps = round(trunk.iterations / share)
        more = self._train(case, folder / "model", {**case.settings, **case.late}, steps, np.inf)
        return Trained(
            more.model,
            more.iterations,
            trunk.cpu_seconds + more.cpu_seconds,
            trunk.wall_seconds + more.wall_seconds,
            more.step_seconds,
        )

    def _late_cost(self, case: Case) -> float:
        """What a step costs with the late settings, of what it costs without."""
        if not case.late:
            return 1.0
        file = self._work / _file_name(case.name) / "late_cost.json"
        if not file.exists():
            trunk = self._kept(case)[0]
            costs = []
            for settings in (case.settings, {**case.settings, **case.late}):
                model = file.parent / "try"
                shutil.rmtree(model, ignore_errors=True)
                shutil.copytree(trunk.model, model)
                tried = self._train(case, model, settings, trunk.iterations + LATE_STEPS, np.inf)
                costs.append(tried.step_seconds)
                shutil.rmtree(model)
            file.write_text(json.dumps(costs) + "\n", encoding="utf-8")
        without, with_late = json.loads(file.read_text(encoding="utf-8"))
        return float(with_late / without)

    def _trunks(self, case: Case) -> Path:
        return self._work / _file_name(case.trunk or case.name) / "trunk"

    def _kept(self, case: Case) -> list[Trained]:
        """The places of the trunk that are there, the earliest first."""
        found = [json.loads(file.read_text(encoding="utf-8")) for file in self._trunks(case).glob("*/trained.json")]
        kept = [Trained(**one | {"model": Path(one["model"])}) for one in found]
        return sorted(kept, key=lambda one: one.cpu_seconds)

    def _trunk(self, case: Case, seconds: float) -> Trained:
        """The model after so many seconds at the full rate, gone on with from the nearest place before."""
        folder = self._trunks(case) / f"{seconds:.0f}"
        file = folder / "trained.json"
        if not file.exists():
            earlier = [one for one in self._kept(case) if one.cpu_seconds < seconds]
            before = earlier[-1] if earlier else None
            _fresh(folder)
            if before:
                shutil.copytree(before.model, folder / "model")
            spent = before.cpu_seconds if before else 0.0
            more = self._train(case, folder / "model", case.settings, ENDLESS, seconds - spent)
            wall = more.wall_seconds + (before.wall_seconds if before else 0)
            values = {"model": str(more.model), "iterations": more.iterations, "cpu_seconds": spent + more.cpu_seconds}
            values |= {"wall_seconds": wall, "step_seconds": more.step_seconds}
            file.write_text(json.dumps(values) + "\n", encoding="utf-8")
        one = json.loads(file.read_text(encoding="utf-8"))
        return Trained(**one | {"model": Path(one["model"])})

    def _train(self, case: Case, model: Path, settings: Mapping[str, str], iterations: int, limit: float) -> Trained:
        request = TrainRequest(
            model=model,
            facesets=dict(self._facesets),
            preset=case.preset,
            iterations=iterations,
            settings={**PLAIN, **settings},
            consent=CONSENT,
            project="demo",
        )
        done = program(str(HERE / "cpu_training.py"), request.model_dump_json(), str(limit))
        assert list_checkpoints(model)
        each = done["cpu_seconds"] / done["steps"]
        return Trained(model, done["iterations"], done["cpu_seconds"], done["wall_seconds"], each)


def _file_name(name: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in name)


def _fresh(folder: Path) -> None:
    """An empty folder; what a killed run left half made there goes."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def _means(rows: Sequence[Mapping[str, Any]], first: int, last: int) -> dict[str, float]:
    chosen = [row for row in rows if first <= row["frame"] <= last]
    return {
        name: round(float(np.mean([row[name] for row in chosen if row.get(name) is not None])), 4) for name in FIGURES
    }


def markdown(results: Sequence[Mapping[str, Any]]) -> str:
    """The table of docs/, each figure for all, trained and unseen frames."""
    heads = ("training", "minutes", "images", "PSNR over the plate", "SSIM", "likeness", "expression")
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for one in results:
        parts = [one[frames] for frames in FRAMES]
        figures = (
            [f"{part['psnr'] - part['psnr_plate']:+.2f}" for part in parts],
            [f"{part['ssim']:.3f}" for part in parts],
            [f"{part['identity_to_identity']:.2f}" for part in parts],
            [f"{part['expression_error']:.1f}" for part in parts],
        )
        cells = [one["case"], f"{one['cpu_minutes']:.1f}", f"{one['images']:,}"] + [" / ".join(f) for f in figures]
        lines.append("| " + " | ".join(cells) + " |")
    plate = results[0]
    values = ", ".join(f"{plate[n]['psnr_plate']:.2f} dB and {plate[n]['ssim_plate']:.3f} ({n})" for n in FRAMES)
    return "\n".join([*lines, "", f"The plate itself: {values}."]) + "\n"


def picture(results: Sequence[Mapping[str, Any]], file: Path) -> None:
    names = list(dict.fromkeys(one["case"] for one in results))
    panels = []
    for frames in ("trained", "unseen"):
        gains = [
            Curve(
                name,
                [
                    (one["minutes"], one[frames]["psnr"] - one[frames]["psnr_plate"])
                    for one in results
                    if one["case"] == name
                ],
            )
            for name in names
        ]
        likeness = [
            Curve(
                name, [(one["minutes"], one[frames]["identity_to_identity"]) for one in results if one["case"] == name]
            )
            for name in names
        ]
        panels.append((f"{frames} frames: PSNR over the plate's own, dB", gains))
        panels.append((f"{frames} frames: distance to the identity (less is nearer)", likeness))
    plot([panels[0], panels[2], panels[1], panels[3]], "minutes of processor time", file)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--minutes", nargs="+", type=float, default=[5, 10, 20, 40])
    parser.add_argument("--only", nargs="+", metavar="NAME", help="some of: " + "; ".join(case.name for case in CASES))
    parser.add_argument("--case", nargs="+", action="append", metavar=("NAME", "PRESET"), help="another one to try")
    parser.add_argument("--kept", action="store_true", help="only what WORK has already; train nothing")
    parser.add_argument("--picture", type=Path, help="draw what was measured into this PNG")
    arguments = parser.parse_args()
    if arguments.case:
        cases = [Case(name, preset, dict(s.split("=", 1) for s in sets)) for name, preset, *sets in arguments.case]
    else:
        cases = [case for case in CASES if not arguments.only or case.name in arguments.only]
    work = arguments.work.resolve() / DEMO.name
    bench = Bench(work, extract(DEMO, work))
    results = []
    for minutes in sorted(arguments.minutes):
        for case in cases:
            if arguments.kept and not bench.file(case, minutes).exists():
                continue
            results.append(bench.measure(case, minutes))
            print(json.dumps(results[-1]), flush=True)
    if not results:
        parser.error(f"{work} has no figures of these")
    results.sort(key=lambda one: [case.name for case in cases].index(one["case"]))
    table = markdown(results)
    (work / "quality_over_time.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    (work / "quality_over_time.md").write_text(table, encoding="utf-8")
    print(table)
    if arguments.picture:
        picture(results, arguments.picture)


if __name__ == "__main__":
    main()
