"""The preview of one frame: what the swap will be, found with less."""

import gc
import json
import os
import shutil
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml_backend.cli import main
from ml_backend.errors import BackendError, Cancelled, RefusedError, UsageError
from ml_backend.faces.repair import Delete
from ml_backend.faces.repairs import write_repairs
from ml_backend.media.source import open_source
from ml_backend.media.write import read_picture, write_rgb
from ml_backend.progress import SilentReporter
from ml_backend.requests import Plate, PreviewRequest
from ml_backend.swapping.manifest import read_manifest
from ml_backend.swapping.previews import previewer as preview_module
from ml_backend.swapping.previews.previewer import Previewer
from ml_backend.swapping.render import flatten
from ml_backend.training.device import best_device
from ml_backend.training.models.checkpoints import load_for_swap

Swap = Callable[..., dict[str, Any]]


class Asked:
    """A previewer, and what it is asked for unless a test says otherwise."""

    def __init__(self, **request: Any) -> None:
        self.previewer = Previewer(best_device())
        self.request = request

    def __call__(self, **changes: Any) -> dict[str, Any]:
        return self.previewer.render(PreviewRequest(**self.request | changes))

    def layer(self, **changes: Any) -> np.ndarray:
        return read_picture(Path(self(**changes)["layer"]))


@pytest.fixture
def preview(footage: Path, tiny_model: Path, consent: Path, tmp_path: Path) -> Asked:
    """Previews frame 2 of the plate into tmp_path/"shown.png"; keywords change the request."""
    return Asked(
        plate=str(footage / "plate_A.mp4"),
        model=tiny_model,
        identity="identity_B",
        frame=2,
        out=tmp_path / "shown.png",
        consent=consent,
    )


@pytest.fixture
def sequence(footage: Path, tmp_path: Path) -> Path:
    """A folder with pictures of the plate's first three frames."""
    for frame in open_source(footage / "plate_A.mp4", "1-3").frames():
        write_rgb(tmp_path / "plate" / f"shot.{frame.number:04d}.png", frame.image)
    return tmp_path / "plate"


def test_with_what_a_swap_has_seen_it_is_the_swap(preview: Asked, swap: Swap, footage: Path, tmp_path: Path) -> None:
    swap()
    made = read_manifest(tmp_path / "swap").frames
    for frame, record in zip(open_source(footage / "plate_A.mp4", "1-3").frames(), made, strict=True):
        answer = preview(frame=frame.number, swap=tmp_path / "swap")
        assert (answer["faces"], answer["steadied"], answer["message"]) == (1, True, "")
        layer = read_picture(Path(answer["layer"]))
        assert np.array_equal(layer, read_picture(tmp_path / "swap" / record.file))
        assert np.array_equal(read_picture(Path(answer["out"])), flatten(frame.image, layer))


def test_of_an_anamorphic_plate_it_is_as_large_as_the_plate(preview: Asked, swap: Swap, sequence: Path) -> None:
    plate, out = Plate(source=str(sequence), pixel_aspect=0.5), preview.request["out"].with_name("swap")
    swap(plate=plate, frames=None)
    answer = preview(plate=plate, swap=out)
    layer, shown = read_picture(Path(answer["layer"])), read_picture(Path(answer["out"]))
    assert np.array_equal(layer, read_picture(out / "000002.png"))
    stored = read_picture(sequence / "shot.0002.png")
    assert layer.shape[:2] == shown.shape[:2] == stored.shape[:2]
    assert np.array_equal(shown, flatten(stored, layer))


def test_a_swap_that_was_stopped_has_seen_enough(preview: Asked, swap: Swap, tmp_path: Path) -> None:
    class StopAtFirst(SilentReporter):
        swapped = 0

        def progress(self, stage: str, done: float, total: float, figures: Any = None) -> None:
            self.swapped += stage == "swap"

        def stop_requested(self) -> bool:
            return self.swapped > 0

    with pytest.raises(Cancelled):
        swap(StopAtFirst())
    assert preview(frame=3, swap=tmp_path / "swap")["steadied"]
    assert not preview(frame=90, swap=tmp_path / "swap")["steadied"], "the swap has not looked at that one"


def test_alone_it_is_nearly_the_swap(preview: Asked, swap: Swap, tmp_path: Path) -> None:
    plain = {"learned_mask": "false"}  # a network that has hardly learned has a mask of no steadiness
    swap(settings=plain)
    answer = preview(settings=plain)
    assert (answer["faces"], answer["steadied"]) == (1, False)
    alone, swapped = read_picture(Path(answer["layer"])), read_picture(tmp_path / "swap" / "000002.png")
    assert alone.dtype == np.uint8
    covered = [layer[..., 3] > 127 for layer in (alone, swapped)]
    assert (covered[0] & covered[1]).sum() > 0.8 * (covered[0] | covered[1]).sum()


@pytest.mark.parametrize("spoil", [b"", b"no database at all", None])
def test_a_damaged_or_missing_cache_is_passed_over(preview: Asked, swap: Swap, tmp_path: Path, spoil: Any) -> None:
    swap()
    (file,) = (tmp_path / "swap" / "cache").glob("faces-*.sqlite")
    file.unlink() if spoil is None else file.write_bytes(spoil)
    answer = preview(swap=tmp_path / "swap")
    assert (answer["faces"], answer["steadied"]) == (1, False)


def test_it_needs_the_consent_that_a_swap_needs(
    preview: Asked, swap: Swap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    preview()
    monkeypatch.setenv("ML_BACKEND_HOME", str(tmp_path / "home"))
    words = []
    for ask in (swap, preview):
        with pytest.raises(RefusedError) as refused:
            ask(consent=None)
        words.append(str(refused.value))
    assert words[0] == words[1]
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(RefusedError):
        preview(consent=empty)


def test_the_faces_are_looked_for_once(preview: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = []
    find = preview_module.find_frame_faces

    def counting(*arguments: Any) -> Any:
        looked.append(arguments[0].number)
        return find(*arguments)

    monkeypatch.setattr(preview_module, "find_frame_faces", counting)
    layers = [preview.layer(settings={"opacity": opacity}) for opacity in ("1", "0.5", "0")]
    assert looked == [2]
    full, half, none = (layer[..., 3] for layer in layers)
    assert np.abs(half - full / 2).max() <= 1
    assert full.max() > 200
    assert not none.any()
    preview(frame=3)
    preview(frame=2)
    assert looked == [2, 3]
    preview(settings={"smooth": "2"})
    assert looked == [2, 3, 2]


def test_the_network_stays_until_there_is_another(preview: Asked, tiny_model: Path, tmp_path: Path) -> None:
    model = shutil.copytree(tiny_model, tmp_path / "model")
    assert [preview(model=model)["warm"] for _ in range(2)] == [False, True]
    weights = sorted((model / "checkpoints").glob("*/ema.safetensors"))[-1]
    os.utime(weights, ns=(0, 0))
    assert not preview(model=model)["warm"], "its file is another one"
    shutil.rmtree(model / "checkpoints")
    with pytest.raises(UsageError, match="holds no trained model"):
        preview(model=model)
    assert preview()["faces"] == 1


def test_a_new_network_comes_when_the_old_one_is_gone(
    preview: Asked, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also the one that the identity's detail was made with: a GPU may not hold two."""
    networks: list[weakref.ref[Any]] = []

    def load(*given: Any) -> Any:
        gc.collect()
        assert [network for network in networks if network() is not None] == []
        loaded = load_for_swap(*given)
        networks.append(weakref.ref(loaded.network))
        return loaded

    monkeypatch.setattr(preview_module, "load_for_swap", load)
    model = shutil.copytree(tiny_model, tmp_path / "model")
    first = preview.layer(model=model)
    os.utime(sorted((model / "checkpoints").glob("*/ema.safetensors"))[-1], ns=(0, 0))
    assert np.array_equal(preview.layer(model=model), first)
    assert len(networks) == 2


def test_portraits_count_at_once_and_their_lack_is_told(preview: Asked, tiny_model: Path, tmp_path: Path) -> None:
    model = shutil.copytree(tiny_model, tmp_path / "model")
    whole = preview.layer(model=model)
    (model / "portraits" / "identity_B.safetensors").rename(tmp_path / "away")
    answer = preview(model=model)
    assert (answer["faces"], answer["warm"]) == (1, True)
    assert "no portraits of identity_B" in answer["message"]
    soft = read_picture(Path(answer["layer"]))
    assert not np.array_equal(soft, whole)
    assert preview(model=model, settings={"detail": "0"})["message"] == ""
    (tmp_path / "away").rename(model / "portraits" / "identity_B.safetensors")
    assert np.array_equal(preview.layer(model=model), whole)


def test_it_sees_that_the_plate_has_changed(preview: Asked, sequence: Path) -> None:
    assert preview(plate=str(sequence))["faces"] == 1
    file = sequence / "shot.0002.png"
    black = np.zeros_like(read_picture(file))
    write_rgb(file, black)
    answer = preview(plate=str(sequence))
    assert answer["faces"] == 0
    assert "frame 2" in answer["message"]
    assert np.array_equal(read_picture(Path(answer["out"])), black)
    assert not read_picture(Path(answer["layer"])).any()


def test_a_gap_elsewhere_does_not_matter(preview: Asked, sequence: Path) -> None:
    (sequence / "shot.0003.png").rename(sequence / "shot.0005.png")
    for frame in (2, 5, 1):
        assert preview(plate=str(sequence), frame=frame)["faces"] == 1
    with pytest.raises(BackendError, match="no picture for 4"):
        preview(plate=str(sequence), frame=4)


def test_deep_plates_give_deep_pictures(preview: Asked, sequence: Path) -> None:
    for file in sequence.glob("*.png"):
        write_rgb(file, read_picture(file).astype(np.uint16) * 257)
    answer = preview(plate=str(sequence))
    assert answer["faces"] == 1
    assert {read_picture(Path(answer[name])).dtype for name in ("out", "layer")} == {np.dtype(np.uint16)}


def test_the_plates_own_pictures_are_safe(preview: Asked, sequence: Path, tmp_path: Path) -> None:
    for out in ("shot.0002.png", "other.png"):
        with pytest.raises(UsageError, match="among the pictures of the plate"):
            preview(plate=str(sequence), out=sequence / out)
    single = tmp_path / "single.layer.png"
    shutil.copy(sequence / "shot.0001.png", single)
    with pytest.raises(UsageError, match="among the pictures of the plate"):
        preview(plate=str(single), frame=1, out=tmp_path / "single.png")
    assert sorted(file.name for file in sequence.iterdir()) == [f"shot.{n:04d}.png" for n in (1, 2, 3)]


def test_repairs_count(preview: Asked, footage: Path, tmp_path: Path) -> None:
    repairs = tmp_path / "repairs.json"
    with pytest.raises(UsageError, match=r"repairs\.json do not exist"):
        preview(repairs=repairs)
    source = footage / "plate_A.mp4"
    width, height = open_source(source).info.width, open_source(source).info.height
    middle = (width / 2, height / 2)
    write_repairs(repairs, [Delete(source=str(source), frame=2, action="delete", at=middle)])
    assert preview(repairs=repairs)["faces"] == 0
    write_repairs(repairs, [Delete(source=str(source), frame=3, action="delete", at=middle)])
    assert preview(repairs=repairs)["faces"] == 1
    assert preview(repairs=repairs, frame=3)["faces"] == 0


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"frame": 5000}, "5000"),
        ({"out": Path("shown.jpg")}, "ends in .png"),
        ({"settings": {"feather": "9"}}, "feather=9"),
        ({"settings": {"colours": "9"}}, "colours"),
        ({"keys": {"blend": [(1, 1.0)]}}, "blend cannot change"),
        ({"plate": "/nowhere.mp4"}, "nowhere"),
    ],
)
def test_what_is_wrong_is_said(preview: Asked, wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        preview(**wrong)
    assert preview()["faces"] == 1


def test_keys_decide_the_picture(preview: Asked) -> None:
    keyed = preview.layer(keys={"opacity": [(1, 0.0), (5, 1.0)]})
    assert np.array_equal(keyed, preview.layer(settings={"opacity": "0.25"}))
    assert not np.array_equal(keyed, preview.layer())


def test_the_command(preview: Asked, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    request = preview.request
    command = ["preview", request["plate"], "--model", str(request["model"]), "--identity", "identity_B"]
    command += ["--frame", "2", "--out", str(tmp_path / "command.png"), "--consent", str(request["consent"])]
    assert main([*command, "--set", "opacity=0.5", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert {"out", "layer", "seconds", "faces", "steadied", "warm"} <= set(answer)
    assert answer["layer"] == str(tmp_path / "command.layer.png")
    assert np.array_equal(read_picture(Path(answer["layer"])), preview.layer(settings={"opacity": "0.5"}))
    assert main([*command, "--identity", "nobody"]) == 3
    assert "no consent record for nobody" in capsys.readouterr().err
    assert main([*command, "--frame", "-1"]) == 2
