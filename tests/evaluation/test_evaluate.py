"""The evaluate job on swaps made by hand, whose figures are known."""

import json
import math
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml_backend.errors import BackendError, Cancelled, UsageError
from ml_backend.evaluation.evaluate import run_evaluate
from ml_backend.media.source import open_source
from ml_backend.media.write import write_rgb, write_rgba
from ml_backend.progress import SilentReporter
from ml_backend.requests import EvaluateRequest
from ml_backend.swapping.manifest import MANIFEST, write_manifest

from .known_manifest import manifest_of

FRAMES = "1-4"
Evaluate = Callable[..., dict[str, Any]]


def hand_made(out: Path, layers: Iterable[np.ndarray], **changes: Any) -> Path:
    """A finished swap whose frames from 1 on are these RGBA layers; keywords change its manifest."""
    for number, layer in enumerate(layers, 1):
        write_rgba(out / f"{number:06d}.png", layer)
    size = {"height": layer.shape[0], "width": layer.shape[1], "bit_depth": layer.dtype.itemsize * 8}
    write_manifest(out, manifest_of(range(1, number + 1), **size | changes))
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
    with pytest.raises(BackendError, match="has 16 bit, the plate of the swap had 8"):
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
    done = run_backend(*asked, "--no-report", "--frames", "1")
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["psnr"] is None
    assert figures["ssim"] == pytest.approx(1, abs=1e-4)
    assert figures["jitter"] is None
    assert figures["frames"] == 1
    assert "report" not in figures


TRUTH_KEYS = ("psnr", "psnr_plate", "ssim", "ssim_plate", "pose_error_deg", "expression_error", "jitter_truth")


def painted(footage: Path, frames: str) -> list[np.ndarray]:
    """A very good swap: the truth under its mask."""
    sources = [open_source(footage / name, frames).frames() for name in ("truth_A_as_B.mp4", "mask_A.mp4")]
    return [np.dstack([t.image, m.image[..., 0]]) for t, m in zip(*sources, strict=True)]


@pytest.fixture(scope="module")
def good(footage: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hand_made(tmp_path_factory.mktemp("good"), painted(footage, "1-10"))


def test_without_a_truth_the_plate_is_the_measure(evaluate: Evaluate, good: Path) -> None:
    figures = evaluate(good, truth=None, mask=None)
    assert [figures[key] for key in TRUTH_KEYS] == [None] * len(TRUTH_KEYS)
    assert figures["frames"] == 10
    assert figures["nearer_to_identity"] == 1
    assert figures["plate_to_performer"] < figures["plate_to_identity"]
    assert 0 < figures["pose_error_plate_deg"] < 4
    assert 0 < figures["expression_error_plate"] < 6
    assert figures["jitter_ratio"] == pytest.approx(figures["jitter"] / figures["jitter_plate"], abs=1e-3)
    assert 0.4 < figures["coverage"] < 1
    assert figures["flicker_brightness"] < 0.5
    assert 0.5 < figures["sharpness_ratio"] < 1.5
    assert figures["frames_face_lost"] == figures["frames_to_look_at"] == 0
    written = strict_json(good / "evaluation.json")
    assert written["look"] == []
    assert len(written["frames"]) == 10
    assert {"identity_to_identity", "coverage", "jitter", "face"} <= written["frames"][4].keys()
    assert figures["report"] == str(good / "report.html")
    assert (good / "report.html").read_text(encoding="utf-8").endswith("</html>\n")
    assert not list(good.glob(".*.part"))


def test_bad_frames_are_listed_with_their_reasons(evaluate: Evaluate, footage: Path, tmp_path: Path) -> None:
    layers = painted(footage, "1-12")
    layers[4][..., 3] = (layers[4][..., 3] * 0.6).round()
    plate = next(open_source(footage / "plate_A.mp4", "8").frames())
    layers[7][..., :3] = (0.1 * layers[7][..., :3] + 0.9 * plate.image).round()
    layers[9][:] = [128, 128, 128, 255]
    swap = hand_made(tmp_path / "swap", layers)
    figures = evaluate(swap, truth=None, mask=None)
    looks = {look["worst"]: look["reasons"] for look in strict_json(swap / "evaluation.json")["look"]}
    assert looks.keys() == {5, 8, 10}
    # where the mask is thin the performer is seen through it, too
    assert {f"the mask shrank by {part} %" for part in (39, 40, 41)} & set(looks[5])
    assert looks[8][0].startswith("it looks more like the performer")
    assert looks[10][0] == "no face can be seen in the swap, but in the plate"
    assert figures["frames_to_look_at"] == 3
    assert figures["frames_face_lost"] == 1
    page = (swap / "report.html").read_text(encoding="utf-8")
    assert "3 of 12 frames need a look." in page
    assert page.count('alt="Swap, frame 5"') == 1


def test_the_model_remembers_whose_faces_they_are(
    evaluate: Evaluate, good: Path, tiny_model: Path, tmp_path: Path
) -> None:
    swap = tmp_path / "swap"
    shutil.copytree(good, swap)
    write_manifest(swap, manifest_of(range(1, 11), model=str(tiny_model)))
    asked = {"truth": None, "mask": None, "frames": "1-2"}
    remembered = evaluate(swap, **asked, identity_faceset=None, performer_faceset=None)
    given = evaluate(swap, **asked)
    assert remembered["identity_to_identity"] == pytest.approx(given["identity_to_identity"], abs=0.05)
    assert remembered["identity_to_performer"] == pytest.approx(given["identity_to_performer"], abs=0.05)


@pytest.mark.parametrize("model", ["gone", "damaged", "no model.safetensors"])
def test_without_anybody_to_compare_with_the_rest_is_measured(
    evaluate: Evaluate, good: Path, tmp_path: Path, model: str
) -> None:
    swap, folder = tmp_path / "swap", tmp_path / model
    shutil.copytree(good, swap)
    if model == "damaged":
        (folder / "checkpoints" / "00000001").mkdir(parents=True)
        (folder / "checkpoints" / "00000001" / "checkpoint.json").write_text("{")
    elif model.endswith("safetensors"):
        folder.write_bytes(b"nothing")
    write_manifest(swap, manifest_of(range(1, 11), model=str(folder)))
    figures = evaluate(
        swap, truth=None, mask=None, frames="1-2", identity_faceset=None, performer_faceset=None, report=False
    )
    assert figures["identity_to_identity"] is figures["nearer_to_identity"] is None
    assert figures["coverage"] > 0
    assert "report" not in figures
    assert not (swap / "report.html").exists()


def test_a_swap_that_is_not_whole_is_refused(evaluate: Evaluate, good: Path, tmp_path: Path) -> None:
    swap = tmp_path / "swap"
    shutil.copytree(good, swap)
    layer = swap / "000003.png"
    whole = layer.read_bytes()
    layer.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BackendError, match=r"000003\.png"):
        evaluate(swap, truth=None, mask=None)
    write_rgba(layer, np.zeros((64, 64, 4), np.uint8))
    with pytest.raises(BackendError, match="is 64×64, the swap says 384×384"):
        evaluate(swap, truth=None, mask=None)
    layer.unlink()
    with pytest.raises(BackendError, match=r"000003\.png is missing.*lacks 1 of its frames"):
        evaluate(swap, truth=None, mask=None)
    assert evaluate(swap, truth=None, mask=None, frames="1-2")["frames"] == 2, "the others are there"
    (swap / MANIFEST).unlink()
    (swap / "journal.jsonl").touch()
    with pytest.raises(UsageError, match="not finished"):
        evaluate(swap, truth=None, mask=None)


def test_a_folder_that_cannot_be_written_is_named(evaluate: Evaluate, good: Path, tmp_path: Path) -> None:
    swap = tmp_path / "swap"
    shutil.copytree(good, swap, ignore=shutil.ignore_patterns("evaluation.json"))
    (swap / "evaluation.json").mkdir()
    with pytest.raises(BackendError, match="cannot be written"):
        evaluate(swap, truth=None, mask=None, frames="1")


def test_a_mask_without_a_truth_is_no_use(evaluate: Evaluate, good: Path) -> None:
    with pytest.raises(UsageError, match="there is no truth"):
        evaluate(good, truth=None)


def test_a_stopped_evaluation_writes_nothing(footage: Path, good: Path, tmp_path: Path) -> None:
    class Stops(SilentReporter):
        def stop_requested(self) -> bool:
            return True

    swap = tmp_path / "swap"
    shutil.copytree(good, swap, ignore=shutil.ignore_patterns("evaluation.json", "report.html"))
    with pytest.raises(Cancelled):
        run_evaluate(EvaluateRequest(swap=swap, plate=str(footage / "plate_A.mp4")), Stops())
    assert not (swap / "evaluation.json").exists()
    assert not (swap / "report.html").exists()


def test_layers_of_another_colour_space_are_not_compared(evaluate: Evaluate, perfect: Path, tmp_path: Path) -> None:
    swap = tmp_path / "swap"
    shutil.copytree(perfect, swap)
    manifest = json.loads((swap / MANIFEST).read_text())
    (swap / MANIFEST).write_text(json.dumps(manifest | {"colour": "ACEScg"}))
    with pytest.raises(UsageError, match=r"are ACEScg.*would be sRGB"):
        evaluate(swap)


def test_a_plate_file_says_what_its_values_are(
    evaluate: Evaluate, perfect: Path, footage: Path, tmp_path: Path
) -> None:
    """Where it does not, the plate is read as the swap has read it."""
    swap, plate = tmp_path / "swap", {"source": str(footage / "plate_A.mp4")}
    shutil.copytree(perfect, swap)
    manifest = json.loads((swap / MANIFEST).read_text())
    (swap / MANIFEST).write_text(json.dumps(manifest | {"plate": plate | {"colourspace": "PQ BT.2020"}}))
    alone: dict[str, Any] = {"frames": "1", "truth": None, "mask": None}
    with pytest.raises(UsageError, match=r"would be PQ BT\.2020"):
        evaluate(swap, plate=plate, **alone)
    assert evaluate(swap, plate=plate | {"colourspace": "sRGB"}, **alone)["frames"] == 1


def test_a_plate_with_gaps_is_looked_at_where_the_swap_has_frames(
    evaluate: Evaluate, perfect: Path, footage: Path, tmp_path: Path
) -> None:
    swap, plate = tmp_path / "swap", tmp_path / "plate"
    shutil.copytree(perfect, swap)
    manifest = json.loads((swap / MANIFEST).read_text())
    del manifest["frames"][2]
    (swap / MANIFEST).write_text(json.dumps(manifest))
    for frame in open_source(footage / "plate_A.mp4", "1-4").frames():
        if frame.number != 3:
            write_rgb(plate / f"shot.{frame.number:04d}.png", frame.image)
    alone: dict[str, Any] = {"plate": str(plate), "truth": None, "mask": None}
    assert evaluate(swap, **alone)["frames"] == 3
    assert evaluate(swap, frames="1-2", **alone)["frames"] == 2
    (plate / "shot.0002.png").unlink()
    with pytest.raises(UsageError, match="has no frame 2"):
        evaluate(swap, **alone)


def test_a_swap_of_nothing_and_another_plate_are_said_at_the_top(
    evaluate: Evaluate, footage: Path, tmp_path: Path
) -> None:
    empty = hand_made(tmp_path / "empty", [np.zeros((384, 384, 4), np.uint8)] * 3)
    said = evaluate(empty, truth=None, mask=None, plate=str(footage / "identity_B_take1.mp4"))["remarks"]
    assert said[0].startswith("Nothing was painted on any frame")
    assert said[1] == "The swap was made from plate_A.mp4, not from identity_B_take1.mp4."


def test_several_replaced_faces_are_said_at_the_top(evaluate: Evaluate, good: Path, tmp_path: Path) -> None:
    crowd = tmp_path / "crowd"
    shutil.copytree(good, crowd)
    content = json.loads((crowd / MANIFEST).read_bytes())
    content["frames"][1]["faces"] = 3
    (crowd / MANIFEST).write_text(json.dumps(content))
    said = evaluate(crowd, truth=None, mask=None, frames="1-2")["remarks"]
    assert any(remark.startswith("Up to 3 faces were replaced in a frame") for remark in said)


def test_each_of_several_faces_has_its_figures(evaluate: Evaluate, footage: Path, tmp_path: Path) -> None:
    """The left face is the perfect swap, the right one was painted as it is."""
    left = open_source(footage / "plate_A.mp4", "1-6").frames()
    right = open_source(footage / "identity_B_take1.mp4", "1-6").frames()
    layers = []
    for a, b, layer in zip(left, right, painted(footage, "1-6"), strict=True):
        write_rgb(tmp_path / "plate" / f"{a.number:04d}.png", np.hstack([a.image, b.image]))
        layers.append(np.hstack([layer, with_alpha(b.image, 255)]))
    swap = hand_made(tmp_path / "swap", layers)
    content = json.loads((swap / MANIFEST).read_bytes())
    for frame in content["frames"]:
        frame["faces"] = 2
    (swap / MANIFEST).write_text(json.dumps(content))
    result = evaluate(swap, plate=str(tmp_path / "plate"), truth=None, mask=None)
    each = strict_json(swap / "evaluation.json")["each_face"]
    by_place = sorted(each, key=lambda face: face["place"][0])
    assert [face["frames"] for face in by_place] == [6, 6]
    mended, kept = by_place
    assert mended["place"][0] < 384 < kept["place"][0]
    assert mended["identity_to_identity"] < mended["plate_to_identity"] - 0.1
    assert kept["identity_to_identity"] == pytest.approx(kept["plate_to_identity"], abs=0.01)
    assert kept["expression_error_plate"] < 0.3 < mended["expression_error_plate"]
    assert {key: result[key] for key in ("jitter", "coverage")} in [
        {key: face[key] for key in ("jitter", "coverage")} for face in by_place
    ]
    assert "<h2>Each face</h2>" in (swap / "report.html").read_text(encoding="utf-8")
