"""A model as one file: it paints as the model does, knows only whom it may, and says what is wrong with it."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from ml_backend.cli import main
from ml_backend.errors import BackendError, UsageError
from ml_backend.provenance.consent import ConsentRefused
from ml_backend.training.models.checkpoints import load_for_swap
from ml_backend.training.models.export import export_model, sample_faces
from ml_backend.training.models.portraits import Portraits, portraits_file, read_portraits, write_portraits

from .swap_models import save_model

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of its own, in which anna and ben may be exported, and carl and testa may not."""
    folder = tmp_path / "home"
    monkeypatch.setenv("ML_BACKEND_HOME", str(folder))
    for name, basis, actions in (
        ("anna", "self", "train,swap,export-model"),
        ("ben", "synthetic", "export-model,swap"),
        ("carl", "self", "train,swap"),
        ("testa", "test", "train,swap"),
    ):
        assert main(["consent", "new", name, "--basis", basis, "--actions", actions]) == 0
    return folder


@pytest.mark.parametrize("family", ["df", "liae", "progressive"])
@pytest.mark.parametrize("names", [(), ("anna",), ("ben", "anna")])
def test_it_paints_as_the_model_does(tmp_path: Path, family: str, names: tuple[str, ...]) -> None:
    model, file = tmp_path / "model", tmp_path / "out" / "both.safetensors"
    folder = save_model(model, 7, ("anna", "ben"), family=family)
    result = export_model(model, file, names)
    whole, part = load_for_swap(model, CPU), load_for_swap(file, CPU)
    assert part.info.identities == result["identities"] == sorted(names or ("anna", "ben"))
    faces = sample_faces(32)
    for name in part.info.identities:
        for old, new in zip(whole.network.swap(faces, name), part.network.swap(faces, name), strict=True):
            assert (old - new).abs().max() <= result["difference"] < 2e-3
    assert (part.checkpoint, part.info.iteration) == ("00000007", 7)
    assert part.info.references == {name: whole.info.references[name] for name in part.info.identities}
    assert part.info.middles == {name: whole.info.middles[name] for name in part.info.identities}
    assert part.info.config.architecture == whole.info.config.architecture
    assert not part.network.training
    assert part.weights_sha256 == result["sha256"] != whole.weights_sha256
    assert file.stat().st_size == result["bytes"] < 0.6 * (folder / "ema.safetensors").stat().st_size + 10_000


def test_the_others_decoders_are_left_out(tmp_path: Path) -> None:
    save_model(tmp_path / "model")
    result = export_model(tmp_path / "model", tmp_path / "ben.safetensors", ["ben"])
    assert result["identities"] == ["ben"]
    data = (tmp_path / "ben.safetensors").read_bytes()
    assert b"carl" not in data
    assert b"anna" not in data
    part = load_for_swap(tmp_path / "ben.safetensors", CPU).network
    assert len(part.decoders) == 1  # type: ignore[arg-type]


def test_the_same_model_gives_the_same_bytes_and_can_be_exported_again(tmp_path: Path) -> None:
    save_model(tmp_path / "model", 1, ("anna", "ben"))
    hashes = [export_model(tmp_path / "model", tmp_path / f"{n}.safetensors")["sha256"] for n in range(2)]
    assert hashes[0] == hashes[1]
    again = export_model(tmp_path / "0.safetensors", tmp_path / "again.safetensors", ["anna"])
    assert (again["identities"], again["difference"]) == (["anna"], 0)


def test_portraits_go_with_their_identity_only(tmp_path: Path) -> None:
    """Names with dots too, and from one exported file into the next; nobody else's pictures are in the file."""
    names = ("anna", "ben", "ben.2", "ben.pictures")
    for name in names[2:]:
        assert main(["consent", "new", name, "--basis", "self", "--actions", "export-model"]) == 0
    model, one, two = (tmp_path / name for name in ("model", "one.safetensors", "two.safetensors"))
    save_model(model, 1, names)
    random = np.random.default_rng(1)
    shown = {name: Portraits(random.integers(0, 255, (2, 8, 8, 3), np.uint8), points(random)) for name in names[1:]}
    for name, portraits in shown.items():
        write_portraits(portraits_file(model, name), portraits, "key")
    export_model(model, one, names[1:])
    export_model(one, two, ["ben"])
    export_model(model, tmp_path / "none.safetensors", portraits=False)
    for file, within in ((one, names[1:]), (two, ["ben"]), (tmp_path / "none.safetensors", [])):
        load_for_swap(file, CPU)
        for name in names:
            found = read_portraits(file, name)
            assert (found is not None) == (name in within)
            if found is not None:
                np.testing.assert_array_equal(found.pictures, shown[name].pictures)
                np.testing.assert_allclose(found.points, shown[name].points, atol=5e-4)
            elif name in shown:
                assert shown[name].pictures.tobytes() not in file.read_bytes()


def points(random: np.random.Generator) -> np.ndarray:
    return random.random((2, 478, 3), np.float32)


def test_float32_is_exact(tmp_path: Path) -> None:
    save_model(tmp_path / "model", 1, ("anna", "ben"))
    assert export_model(tmp_path / "model", tmp_path / "a.safetensors", dtype=torch.float32)["difference"] == 0


@pytest.mark.parametrize(("names", "reason"), [((), "wrong-action"), (("carl",), "wrong-action")])
def test_everybody_in_it_must_have_agreed(tmp_path: Path, names: tuple[str, ...], reason: str) -> None:
    save_model(tmp_path / "model")
    with pytest.raises(ConsentRefused, match="carl") as caught:
        export_model(tmp_path / "model", tmp_path / "a.safetensors", names)
    assert caught.value.reason == reason
    assert not (tmp_path / "a.safetensors").exists()


def test_a_test_is_no_reason_to_export(tmp_path: Path) -> None:
    save_model(tmp_path / "model", 1, ("anna", "testa"))
    with pytest.raises(ConsentRefused, match="testa"):
        export_model(tmp_path / "model", tmp_path / "a.safetensors", ["testa"])
    assert main(["consent", "new", "x", "--basis", "test", "--actions", "export-model"]) == 2


def test_nobody_is_exported_without_a_record(tmp_path: Path) -> None:
    save_model(tmp_path / "model", 1, ("anna", "dora"))
    with pytest.raises(ConsentRefused, match="dora") as caught:
        export_model(tmp_path / "model", tmp_path / "a.safetensors")
    assert caught.value.reason == "missing"


def test_who_is_part_of_what_all_share_cannot_be_left_out(tmp_path: Path) -> None:
    save_model(tmp_path / "model", 1, ("anna", "ben"), family="liae")
    with pytest.raises(UsageError, match=r"anna cannot be left out.*--identity anna"):
        export_model(tmp_path / "model", tmp_path / "a.safetensors", ["ben"])


def test_a_network_half_grown_stays_so(tmp_path: Path) -> None:
    save_model(tmp_path / "model", 1, ("anna", "ben"), side=12.0, family="progressive")
    result = export_model(tmp_path / "model", tmp_path / "a.safetensors")
    assert result["difference"] < 2e-3
    assert load_for_swap(tmp_path / "a.safetensors", CPU).network.side == 16


def test_a_side_that_cannot_be_is_damage(tmp_path: Path) -> None:
    save_model(tmp_path / "model", 1, ("anna", "ben"), side=16)
    with pytest.raises(BackendError, match="is damaged: a df network works at 32 only"):
        load_for_swap(tmp_path / "model", CPU)


def test_wrong_names_are_told(tmp_path: Path) -> None:
    save_model(tmp_path / "model")
    with pytest.raises(UsageError, match="does not know dora"):
        export_model(tmp_path / "model", tmp_path / "a.safetensors", ["dora"])
    with pytest.raises(UsageError, match=r"Name it a\.safetensors"):
        export_model(tmp_path / "model", tmp_path / "a.pt")


@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_cut_file_is_named(tmp_path: Path, data: st.DataObject) -> None:
    file = tmp_path / "a.safetensors"
    if not file.exists():
        save_model(tmp_path / "model", 1, ("anna", "ben"))
        export_model(tmp_path / "model", file)
        (tmp_path / "whole").write_bytes(file.read_bytes())
    whole = (tmp_path / "whole").read_bytes()
    file.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    with pytest.raises(BackendError, match=r"a\.safetensors"):
        load_for_swap(file, CPU)


def test_other_files_are_told(tmp_path: Path) -> None:
    file = tmp_path / "a.safetensors"
    save_file({"x": torch.zeros(2)}, file)
    with pytest.raises(UsageError, match="no exported model"):
        load_for_swap(file, CPU)
    description = {"version": 9, "info": {}, "checkpoint": "", "source_sha256": ""}
    save_file({"x": torch.zeros(2)}, file, {"deepfake-sequencer-model": json.dumps(description)})
    with pytest.raises(UsageError, match="version 9"):
        load_for_swap(file, CPU)
    for text in ("{}", "[]", "", json.dumps(description | {"version": 1})):
        save_file({"x": torch.zeros(2)}, file, {"deepfake-sequencer-model": text})
        with pytest.raises(BackendError, match="damaged"):
            load_for_swap(file, CPU)
