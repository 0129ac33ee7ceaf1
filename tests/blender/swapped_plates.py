"""Swaps plates of three kinds by a tiny model, and writes what the backend predicts of the edit. Argument: the folder.

Runs in the backend's environment, with tests/swapping among its modules. For each of KINDS the folder gets one with
`swap`; `plate`, where it is not the demo's movie; `flat`, the prediction as pictures; and `predicted.npz` with `shown`,
the same as N×H×W×3 numbers (sRGB in codes of 8 bit, or light), and `alpha`, N×H×W.
"""

import os
import sys
from pathlib import Path

import film_plates as film
import numpy as np
from numpy.typing import NDArray

from ml_backend.facesets.extract import run_extract
from ml_backend.media.exr import encode_exr, read_exr
from ml_backend.media.source import open_source
from ml_backend.media.transfer import srgb_decode
from ml_backend.media.write import read_picture, write_rgb
from ml_backend.progress import SilentReporter
from ml_backend.requests import ExtractRequest, SwapRequest, TrainRequest
from ml_backend.swapping.blend import composite
from ml_backend.swapping.layer import flatten
from ml_backend.swapping.manifest import read_manifest
from ml_backend.swapping.swap import run_swap
from ml_backend.training.train import run_train

DEMO = Path(__file__).resolve().parents[2] / "demo"
CONSENT, FOOTAGE = DEMO / "consent", DEMO / "footage"
ACTORS = {"performer_A": "plate_A.mp4", "identity_B": "identity_B_take1.mp4"}
KINDS = {
    "png8": None,
    "png16": film.Pictures("png", "uint16"),
    "exr": film.Pictures("exr", "half"),
}


def train(folder: Path) -> Path:
    facesets = {name: folder / name for name in ACTORS}
    for name, file in ACTORS.items():
        source = str(FOOTAGE / file)
        request = ExtractRequest(
            sources=[source], faceset=facesets[name], identity=name, frames="1-8", size=96, consent=CONSENT
        )
        run_extract(request, SilentReporter())
    model = folder / "model"
    run_train(
        TrainRequest(model=model, facesets=facesets, preset="tiny", iterations=30, consent=CONSENT), SilentReporter()
    )
    return model


def swap(folder: Path, model: Path, form: film.Pictures | None) -> None:
    plate, frames = FOOTAGE / ACTORS["performer_A"], f"{film.NUMBERS[0]}-{film.NUMBERS[-1]}"
    if form is not None:
        plate, frames = form.write(folder / "plate", film.scene(form, film.actor(FOOTAGE))), f"1-{len(film.NUMBERS)}"
    request = SwapRequest(
        plate=str(plate),
        model=model,
        identity="identity_B",
        out=folder / "swap",
        frames=frames,
        consent=CONSENT,
        # what the tiny model has learned of a mask lets the plate through everywhere
        settings={"blend": "multiband", "learned_mask": "false"},
    )
    run_swap(request, SilentReporter())
    files = [folder / "swap" / frame.file for frame in read_manifest(folder / "swap").frames]
    predictions = []
    for file, frame in zip(files, open_source(plate, frames).frames(), strict=True):
        predictions.append(predicted(file, frame.stored, folder / "flat" / file.name))
    shown, alpha = zip(*predictions, strict=True)
    np.savez(folder / "predicted.npz", shown=np.stack(shown), alpha=np.stack(alpha))


def predicted(file: Path, plate: NDArray[np.generic], flat: Path) -> tuple[NDArray[np.generic], NDArray[np.generic]]:
    """What the edit shows, and the alpha of the layer in `file`; the first is written as a picture too."""
    flat.parent.mkdir(exist_ok=True)
    if file.suffix == ".png":
        layer = read_picture(file)
        over = flatten(plate, layer)
        write_rgb(flat, over)
        most = np.iinfo(over.dtype).max
        assert most == 255 or (layer[layer[..., 3] == most] % 257 != 0).mean() > 0.5, "codes that 8 bits lack"
        return over * (255 / most), layer[..., 3] / np.float64(most)
    channels = read_exr(file).channels
    premultiplied, alpha = np.dstack([channels[name] for name in "RGB"]), channels["A"]
    straight = premultiplied / np.where(alpha > 0, alpha, 1)[..., None]
    mixed = composite(film.extended(plate), film.extended(straight), alpha)
    light = np.sign(mixed) * srgb_decode(np.abs(mixed))
    flat.write_bytes(encode_exr({name: light[..., n] for n, name in enumerate("RGB")}, half=False))
    return light, alpha


def main(folder: Path) -> None:
    model = train(folder)
    for kind, form in KINDS.items():
        (folder / kind).mkdir()
        swap(folder / kind, model, form)


os.environ["ML_BACKEND_PROJECT"] = "demo"
main(Path(sys.argv[1]))
