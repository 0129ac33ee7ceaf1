"""The evaluate job on swaps made by hand, whose figures are known."""

import json
import math
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml_backend.errors import BackendError, UsageError
from ml_backend.evaluation.evaluate import run_evaluate
from ml_backend.media.source import open_source
from ml_backend.media.write import write_rgb, write_rgba
from ml_backend.progress import SilentReporter
from ml_backend.requests import EvaluateRequest
from ml_backend.swapping.manifest import Consent, FrameRecord, Manifest, frame_file, write_manifest

FRAMES = "1-4"
Evaluate = Callable[..., dict[str, Any]]


def hand_made(out: Path, layers: Iterator[np.ndarray]) -> Path:
    """A finished swap whose frames from 1 on are these RGBA layers."""
    frames = []
    for number, layer in enumerate(layers, 1):
        write_rgba(out / frame_file(number), layer)
        frames.append(FrameRecord(number=number, file=frame_file(number), faces=1, sha256="", transforms=[]))
    manifest = Manifest(
        plate={"source": "plate_A.mp4", "frames": FRAMES},
        identity="identity_B",
        model="model",
        checkpoint="00000001",
        width=layer.shape[1],
        height=layer.shape[0],
        bit_depth=layer.dtype.itemsize * 8,
        fps="25",
        first=1,
        last=len(frames),
        settings={},
        fingerprint="",
        consent=Consent(identity="identity_B", record_sha256=""),
        frames=frames,
    )
    write_manifest(out, manifest)
    return out


def with_alpha(image: np.ndarray, alpha: int) -> np.ndarray:
    return np.dstack([image, np.full(image.shape[:2], alpha, image.dtype)])


@pytest.fixture(scope="module")
def perfect(footage: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A swap that is the truth."""
    truth = open_source(footage / "truth_A_as_B.mp4", FRAMES)
    return hand_made(tmp_path_factory.mktemp("perfect"), (with_alpha(f.image, 255) for f in truth.frames()))


@pytest.fixture
def evaluate(footage: Path, facesets: dict[str, Path]) -> Evaluate:
    """Evaluate a swap of the demo's plate; keywords change the request."""

    def evaluate(swap: Path, **changes: Any) -> dict[str, Any]:
        request: dict[str, Any] = {
            "swap": swap,
            "plate": str(footage / "plate_A.mp4"),
            "truth": str(footage / "truth_A_as_B.mp4"),
            "mask": str(footage / "mask_A.mp4"),
            "identity_faceset": facesets["identity_B"],
            "performer_faceset": facesets["performer_A"],
        }
        return run_evaluate(EvaluateRequest(**request | changes), SilentReporter())

    return evaluate


def strict_json(file: Path) -> Any:
    def refuse(text: str) -> None:
        raise AssertionError(f"{text} is no JSON")

    return json.loads(file.read_bytes(), parse_constant=refuse)


@pytest.mark.parametrize("mask", [True, False])
def test_the_truth_itself_has_no_error(evaluate: Evaluate, perfect: Path, mask: bool) -> None:
    figures = evaluate(perfect, **({} if mask else {"mask": None}))
    assert figures["frames"] == 4
    assert figures["psnr"] is None, "the same pictures have no bound"
    assert figures["ssim"] == pytest.approx(1, abs=1e-4)
    assert 15 < figures["psnr_plate"] < 30
    assert figures["ssim_plate"] < 0.95
    assert figures["pose_error_deg"] == figures["expression_error"] == 0
    assert figures["jitter"] == figures["jitter_truth"] > 0
    assert figures["frames_without_face"] == 0
    written = strict_json(perfect / "evaluation.json")
    assert [row["frame"] for row in written["frames"]] == [1, 2, 3, 4]
    assert [row["psnr"] for row in written["frames"]] == [None] * 4
    assert all(written["figures"][key] == figures[key] for key in written["figures"])
    json.dumps(figures, allow_nan=False)


def test_an_empty_swap_is_as_good_as_its_plate(evaluate: Evaluate, footage: Path, tmp_path: Path) -> None:
    plate = open_source(footage / "plate_A.mp4", FRAMES)
    swap = hand_made(tmp_path / "swap", (with_alpha(np.zeros_like(f.image), 0) for f in plate.frames()))
    figures = evaluate(swap)
    assert figures["psnr"] == figures["psnr_plate"]
    assert figures["ssim"] == figures["ssim_plate"]
    assert figures["identity_to_performer"] < 0.3 < figures["identity_to_identity"]
    assert figures["nearer_to_identity"] == 0


def test_the_truth_as_swap_and_plate_is_the_identity_as_far_as_the_recogniser_sees(
    evaluate: Evaluate, perfect: Path
) -> None:
    figures = evaluate(perfect)
    assert figures["identity_to_identity"] < figures["identity_to_performer"]
    assert figures["nearer_to_identity"] == 1


def test_faces_that_are_not_there_give_null(evaluate: Evaluate, footage: Path, tmp_path: Path) -> None:
    plate = open_source(footage / "plate_A.mp4", FRAMES)
    swap = hand_made(tmp_path / "swap", (with_alpha(np.full_like(f.image, 90), 255) for f in plate.frames()))
    figures = evaluate(swap, identity_faceset=None)
    assert figures["frames_without_face"] == 4
    for key in ("identity_to_identity", "identity_to_performer", "pose_error_deg", "expression_error", "jitter"):
        assert figures[key] is None
    assert math.isfinite(figures["psnr"])
    strict_json(swap / "evaluation.json")


def test_a_range_measures_its_frames(evaluate: Evaluate, perfect: Path) -> None:
    assert evaluate(perfect, frames="2-3")["frames"] == 2
    with pytest.raises(UsageError, match="1-4"):
        evaluate(perfect, frames="50-60")


def test_footage_that_does_not_belong_is_refused(
    evaluate: Evaluate, perfect: Path, footage: Path, tmp_path: Path
) -> None:
    small = tmp_path / "small"
    for number in range(1, 5):
        write_rgb(small / f"{number:04d}.png", np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(UsageError, match="64×64"):
        evaluate(perfect, truth=str(small))
    first = tmp_path / "first.0001.png"
    write_rgb(first, np.zeros((384, 384, 3), np.uint8))
    with pytest.raises(UsageError, match="has no frame 2"):
        evaluate(perfect, truth=str(first))
    with pytest.raises(UsageError, match="no finished swap"):
        evaluate(tmp_path)
    deep = tmp_path / "deep"
    for frame in open_source(footage / "plate_A.mp4", FRAMES).frames():
        write_rgb(deep / f"{frame.number:04d}.png", frame.image.astype(np.uint16) * 257)
    with pytest.raises(BackendError, match="does not fit the plate"):
        evaluate(perfect, plate=str(deep))


def test_an_empty_faceset_is_named(
    evaluate: Evaluate, perfect: Path, facesets: dict[str, Path], tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    shutil.copytree(facesets["identity_B"], empty)
    for picture in (empty / "faces").iterdir():
        picture.unlink()
    with pytest.raises(UsageError, match="is empty"):
        evaluate(perfect, identity_faceset=empty)


def test_the_command_line_prints_json(run_backend: Callable[..., Any], perfect: Path, footage: Path) -> None:
    asked = ["evaluate", perfect, "--plate", footage / "plate_A.mp4", "--truth", footage / "truth_A_as_B.mp4", "--json"]
    done = run_backend(*asked, "--frames", "1")
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["psnr"] is None
    assert figures["jitter"] is None
    assert figures["frames"] == 1
