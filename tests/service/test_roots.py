"""Which paths jobs may use."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_backend.errors import BackendError
from ml_backend.jobs import JOB_KINDS
from ml_backend.requests import paths_in
from ml_backend.service.roots import OutsideRoots, Roots, check, is_inside


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for folder in ("allowed/deep", "outside", "allowed sibling"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "allowed" / "link out").symlink_to(tmp_path / "outside")
    (tmp_path / "allowed" / "circle").symlink_to(tmp_path / "allowed" / "circle")
    (tmp_path / "outside" / "link in").symlink_to(tmp_path / "allowed")
    (tmp_path / "link to allowed").symlink_to(tmp_path / "allowed")
    return tmp_path


@pytest.mark.parametrize(
    ("path", "inside"),
    [
        ("allowed", True),
        ("allowed/deep/new/file.png", True),
        ("allowed/deep/../../allowed/x", True),
        ("outside/link in/x", True),
        ("link to allowed/deep", True),
        ("allowed sibling/x", False),
        ("allowed/../outside", False),
        ("allowed/link out/x", False),
        ("allowed/link out/link in/x", True),
        ("allowed/circle/x", False),
        ("", False),
        ("allowed/" + "long" * 100, True),
    ],
)
def test_what_lies_inside(tree: Path, path: str, inside: bool) -> None:
    assert is_inside(tree / path, [tree / "allowed"]) is inside
    assert is_inside(tree / path, [tree / "link to allowed"]) is inside, "a root may be a link itself"
    assert not is_inside(tree / path, [])


@given(parts=st.lists(st.sampled_from(["..", "a", "b", ".", "ä ö"]), max_size=8))
def test_dots_lead_out_exactly_where_they_do(parts: list[str]) -> None:
    root = Path("/some/where/root")
    real = Path(os.path.normpath(root.joinpath(*parts)))
    assert is_inside(root.joinpath(*parts), [root]) == (real == root or root in real.parents)


def test_every_kind_tells_its_paths() -> None:
    requests = {
        "extract": {
            "sources": ["/a/x.mp4", {"source": "/b/y.####.png"}],
            "faceset": "/c",
            "person": "/d/anna.png",
            "landmarks": "fan",
            "fan_weights": "/e",
        },
        "train-mask": {"model": "/a", "facesets": ["/b", "/c"]},
        "apply-masks": {"faceset": "/a", "mask_model": "/b"},
        "train": {"model": "/a", "facesets": {"anna": "/b", "ben": "/c"}, "settings": {"base": "/d"}, "consent": "/e"},
        "swap": {
            "plate": {"source": "/a"},
            "model": "/b",
            "identity": "ben",
            "out": "/c",
            "mask_model": "/d",
            "repairs": "/e",
        },
        "evaluate": {"swap": "/a", "plate": "/b", "truth": "/c", "mask": "/d", "identity_faceset": "/e"},
    }
    assert set(requests) == set(JOB_KINDS)
    found = {
        name: [path.as_posix() for path in paths_in(JOB_KINDS[name].request.model_validate(content))]
        for name, content in requests.items()
    }
    assert found == {
        "extract": ["/a/x.mp4", "/b/y.####.png", "/c", "/d/anna.png", "/e"],
        "train-mask": ["/a", "/b", "/c"],
        "apply-masks": ["/a", "/b"],
        "train": ["/e", "/a", "/b", "/c", "/d"],
        "swap": ["/a", "/b", "/c", "/d", "/e"],
        "evaluate": ["/a", "/b", "/c", "/d", "/e"],
    }


@pytest.mark.parametrize("person", ["only", "largest", "all", "2", "1, 3", "12:640,360", "7:1.5,2@plate.mp4"])
def test_a_person_that_is_no_picture_is_no_path(person: str) -> None:
    request = JOB_KINDS["extract"].request.model_validate({"sources": ["/a"], "faceset": "/b", "person": person})
    assert [path.as_posix() for path in paths_in(request)] == ["/a", "/b"]


@pytest.mark.parametrize("base", ["auto", "none"])
def test_a_base_that_is_no_file_is_no_path(base: str) -> None:
    content = {"model": "/a", "facesets": {"anna": "/b"}, "settings": {"base": base, "loss.mask": "1"}}
    assert [path.as_posix() for path in paths_in(JOB_KINDS["train"].request.model_validate(content))] == ["/a", "/b"]


def test_a_plate_file_is_followed(tree: Path) -> None:
    plate = tree / "allowed" / "plate.json"
    request = JOB_KINDS["swap"].request.model_validate(
        {"plate": str(plate), "model": str(tree / "allowed"), "identity": "ben", "out": str(tree / "allowed" / "out")}
    )
    check(request, [tree / "allowed"])
    for source, inside in (("deep/x.mp4", True), ("../outside/x.mp4", False), (str(tree / "outside"), False)):
        plate.write_text(json.dumps({"source": source}))
        if inside:
            check(request, [tree / "allowed"])
        else:
            with pytest.raises(OutsideRoots, match="outside"):
                check(request, [tree / "allowed"])
    plate.unlink()
    os.mkfifo(plate)
    check(request, [tree / "allowed"])


def test_the_list_is_read_again_each_time_and_a_damaged_one_allows_nothing(tmp_path: Path) -> None:
    roots = Roots(tmp_path, (Path("/more"),))
    assert roots.allowed() == [Path.home(), Path("/more")]
    roots.file.write_text('{"roots": ["/one", "/two"]}')
    assert roots.allowed() == [Path("/one"), Path("/two"), Path("/more")]
    for content in (
        "",
        "{",
        "[]",
        '{"roots": [1]}',
        '{"roots": 3}',
        '{"roots": [""]}',
        '{"roots": "/"}',
        '{"roots": ["here"]}',
    ):
        roots.file.write_text(content)
        with pytest.raises(BackendError, match=r"roots\.json is damaged"):
            roots.allowed()


@pytest.mark.skipif(
    os.name == "nt" or os.geteuid() != 0, reason="only root can be a user whom the system does not know"
)
def test_a_user_without_a_home_is_allowed_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOME", raising=False)
    os.setreuid(4242, 0)
    try:
        assert Roots(tmp_path, (tmp_path,)).allowed() == [tmp_path]
    finally:
        os.setreuid(0, 0)


def test_the_service_refuses_paths_outside(start, tree: Path) -> None:
    service = start(only_own_roots=True)
    (service.workspace / "roots.json").write_text(json.dumps({"roots": [str(tree / "allowed")]}))
    assert service.call("GET", "/status")[1]["roots"] == [str(tree / "allowed")]
    for path, status, code in [
        (tree / "outside" / "x", 403, "outside_roots"),
        (tree / "allowed" / ".." / "outside" / "x", 403, "outside_roots"),
        (tree / "allowed" / "link out" / "x", 403, "outside_roots"),
        ("allowed/x", 422, "relative_path"),
        ("~/x", 422, "relative_path"),
        (f"{tree}/allowed/a\0b", 422, "invalid"),
    ]:
        answered, body = service.call("POST", "/jobs", {"kind": "count", "request": {"file": str(path)}})
        assert (answered, body["error"]["code"]) == (status, code), path
        assert body["error"]["fix"]
    assert service.call("GET", "/jobs")[1] == {"jobs": []}
    id = service.submit("count", file=str(tree / "allowed" / "x"))
    assert service.ended(id)["state"] == "done"
    (service.workspace / "roots.json").write_text("{")
    assert service.call("GET", "/status")[1]["roots"] == []
    status, body = service.call("POST", "/jobs", {"kind": "count", "request": {"file": str(tree / "allowed" / "y")}})
    assert (status, body["error"]["code"]) == (403, "damaged_roots")


def test_a_link_that_is_laid_after_the_check_is_seen_by_the_job(start, tree: Path) -> None:
    service = start(only_own_roots=True)
    (service.workspace / "roots.json").write_text(json.dumps({"roots": [str(tree / "allowed")]}))
    first = service.submit("count", file=str(tree / "allowed" / "a"), total=10**6)
    second = service.submit("count", file=str(tree / "allowed" / "deep" / "b"))
    (tree / "allowed" / "deep").rmdir()
    (tree / "allowed" / "deep").symlink_to(tree / "outside")
    service.call("POST", f"/jobs/{first}/cancel")
    job = service.ended(second)
    assert job["state"] == "failed"
    assert "outside the folders" in job["error"]["message"]
    assert not list((tree / "outside").glob("b"))


def test_root_of_the_command_line(product, tmp_path: Path) -> None:
    assert product.call("GET", "/status")[1]["roots"] == [str(Path.home()), str(tmp_path)]
