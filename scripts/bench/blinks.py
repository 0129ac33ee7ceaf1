"""How much of the truth's blinks a swap of the demo has.

    python scripts/bench/blinks.py without=SWAP_DIR with=SWAP_DIR …

Run in the backend's environment. Openness is the gap between the lids, by the same landmarks on plate, swaps and truth,
as a part of the truth's open eyes. For each: its mean on the frames on which the truth's eyes are shut; the slope of
its openness over the truth's; the correlation of both on all frames and on those that were not trained on (91–120).
"""

import argparse
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from demo_pair import DEMO, UNSEEN
from numpy.typing import NDArray

from ml_backend.faces.expression import measure_expression, of_open_eyes
from ml_backend.faces.tracking import FaceTracker
from ml_backend.media.frame import Pixels
from ml_backend.media.source import open_source
from ml_backend.media.write import read_picture
from ml_backend.swapping.manifest import read_manifest
from ml_backend.swapping.render import flatten

SHUT = 0.4  # of the truth's open eyes: less is shut


def openness(pictures: Iterable[Pixels]) -> NDArray[np.float64]:
    """One number for each picture: the mean gap between the lids of both eyes in distances of the outer eye corners."""
    tracker, found = FaceTracker(), []
    for picture in pictures:
        expression = measure_expression(max(tracker(picture), key=lambda face: face.score).landmarks)
        found.append((expression.eye_left + expression.eye_right) / 2)
    return np.array(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("swaps", nargs="+", metavar="NAME=SWAP_DIR")
    swaps = [word.split("=", 1) for word in parser.parse_args().swaps]
    plate, truth = (
        {f.number: f.image for f in open_source(str(clip)).frames()} for clip in (DEMO.performer, DEMO.truth)
    )
    wanted = openness(truth.values())
    shut, unseen = of_open_eyes(wanted) < SHUT, slice(UNSEEN[0] - 1, UNSEEN[1])
    usual = float((wanted / of_open_eyes(wanted)).mean())
    measured = {"truth": wanted, "plate": openness(plate.values())}
    for name, folder in swaps:
        files = {record.number: Path(folder) / record.file for record in read_manifest(Path(folder)).frames}
        measured[name] = openness(flatten(picture, read_picture(files[n])) for n, picture in plate.items())
    print(f"{shut.sum()} frames on which the truth's eyes are shut")
    for name, values in measured.items():
        slope = np.polyfit(wanted, values, 1)[0]
        alike, alike_unseen = (np.corrcoef(values[part], wanted[part])[0, 1] for part in (slice(None), unseen))
        gap = values[shut].mean() / usual
        print(f"{name:12} openness {gap:.3f}  slope {slope:.2f}  alike {alike:.3f}, unseen {alike_unseen:.3f}")


if __name__ == "__main__":
    main()
