"""The list of allowed folders: kept whole, private, and understood by the backend."""

import json
import os
import stat
from pathlib import Path

import pytest

from blender_deepfake.core import roots
from blender_deepfake.core.backend_process import Backend
from blender_deepfake.core.board import Board
from blender_deepfake.core.errors import DeepfakeError, OutsideRootsError
from blender_deepfake.core.runner import JobSpec


def test_the_home_folder_stays_when_the_first_is_allowed(tmp_path: Path) -> None:
    workspace, footage = tmp_path / "w", tmp_path / "my footage"
    assert roots.allowed(workspace) == [Path.home()]
    assert roots.allow(workspace, [footage]) == [Path.home(), footage]
    file = workspace / "roots.json"
    assert json.loads(file.read_text("utf-8")) == {"roots": [str(Path.home()), str(footage)]}
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(workspace.stat().st_mode) == 0o700
    assert [path.name for path in workspace.iterdir()] == ["roots.json"], "nothing half-written is left"


def test_what_is_there_is_kept_and_nothing_written_twice(tmp_path: Path) -> None:
    (tmp_path / "roots.json").write_text('{"roots": ["/a/b"]}')
    before = (tmp_path / "roots.json").stat().st_ino
    assert roots.allow(tmp_path, [Path("/a/b/c"), Path("/a/b")]) == [Path("/a/b")]
    assert (tmp_path / "roots.json").stat().st_ino == before
    assert roots.allow(tmp_path, [Path("/d"), Path("/d/e"), Path("/f ü")]) == [Path("/a/b"), Path("/d"), Path("/f ü")]


@pytest.mark.parametrize("content", ["", "[]", '{"roots": 3}', '{"roots": [1]}', '{"roots": [""]}'])
def test_a_damaged_list_is_told_and_left(tmp_path: Path, content: str) -> None:
    (tmp_path / "roots.json").write_text(content)
    with pytest.raises(DeepfakeError, match="cannot be read") as caught:
        roots.allow(tmp_path, [tmp_path])
    assert "Delete it" in caught.value.fix
    assert (tmp_path / "roots.json").read_text() == content


def test_a_workspace_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DeepfakeError):
        roots.allow(tmp_path / "file" / "w", [tmp_path / "x"])


def test_folders_of_requests(tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    swap = {"plate": {"source": "/shots/a.mp4", "frames": "1-3"}, "model": "/m", "out": "/o", "settings": {"k": "v"}}
    assert roots.needed({**swap, "consent": "/c"}) == [Path("/shots"), Path("/m"), Path("/o"), Path("/c")]
    extract = {"sources": [str(pictures), "/shots/b.####.png", {"source": "/alone.mp4"}], "faceset": "/f"}
    assert roots.needed(extract) == [pictures, Path("/shots"), Path("/alone.mp4"), Path("/f")]
    train = {"model": "/m", "facesets": {"a": "/f/a", "b": "/f/b"}}
    assert roots.needed(train) == [Path("/m"), Path("/f/a"), Path("/f/b")]
    masks = {"model": "/m", "facesets": ["/f/a", "/f/b"], "minutes": 3}
    assert roots.needed(masks) == [Path("/m"), Path("/f/a"), Path("/f/b")]
    assert roots.needed({"faceset": "/f/a", "mask_model": "/k"}) == [Path("/f/a"), Path("/k")]
    assert roots.needed({"plate": "/s/a.mp4", "repairs": "/f/a/repairs.json"}) == [Path("/s"), Path("/f/a")]
    for person, folders in (("only", []), ("1,3", []), ("5:10,20@/s/a.mp4", []), ("/faces/anna.png", [Path("/faces")])):
        assert roots.needed({"faceset": "/f", "person": person, "fan_weights": None}) == [*folders, Path("/f")]
    assert roots.outside(train, [Path("/f")]) == [Path("/m")]
    assert roots.outside(train, [Path("/f"), Path("/m")]) == []


def test_links_are_followed(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "link").symlink_to("/usr")
    assert not roots.is_inside(tmp_path / "inside" / "link" / "x", [tmp_path / "inside"])
    (tmp_path / "other name").symlink_to(tmp_path / "inside")
    assert roots.is_inside(tmp_path / "other name" / "x", [tmp_path / "inside"])


def test_refused_then_allowed_then_done(backend: Backend, tmp_path: Path) -> None:
    """tmp_path lies outside the home folder, or the test would show nothing."""
    (backend.workspace).mkdir(mode=0o700)
    (backend.workspace / "roots.json").write_text(json.dumps({"roots": [str(tmp_path / "elsewhere")]}))
    board, out = Board(), tmp_path / "öut side" / "out"
    spec = JobSpec("quick", {"out": str(out)}, "Quick")
    entry = board.start(spec, backend.connect)
    with pytest.raises(OutsideRootsError, match="outside the folders") as caught:
        board.wait(entry, lambda shown: None, lambda: backend.client)
    assert caught.value.folders == (out,)
    assert entry.state == "failed"
    roots.allow(backend.workspace, caught.value.folders)
    again = board.start(spec, backend.connect)
    assert board.wait(again, lambda shown: None, lambda: backend.client) == {"steps": 3}
