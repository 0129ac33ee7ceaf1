"""A studio's content check: a real installed entry point decides, and one that is broken refuses."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from uuid import uuid4

import numpy as np
import pytest

from ml_backend.doctor.content_check import check_content_hook
from ml_backend.errors import RefusedError
from ml_backend.provenance.content_hook import ContentRefused, chosen, installed_checks, require_allowed

Install = Callable[..., None]

DARK = [np.zeros((4, 6, 3), np.uint8)]
BRIGHT = [np.full((4, 6, 3), 200, np.uint8)]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install a package with one content check, as pip lays it out."""

    def install(body: str, name: str = "studio", function: str = "look") -> None:
        module = f"check_{uuid4().hex}"  # Python keeps modules of a name that it has loaded
        (tmp_path / f"{module}.py").write_text(dedent(body))
        info = tmp_path / f"{module}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[ml_backend.content_check]\n{name} = {module}:{function}\n")
        monkeypatch.syspath_prepend(tmp_path)

    return install


def test_without_one_nothing_is_looked_at() -> None:
    def pictures() -> list[np.ndarray]:
        raise AssertionError("no picture is needed")

    assert installed_checks() == []
    require_allowed(pictures, "swap", "plate.mp4")
    found = check_content_hook()
    assert found.state == "ok"
    assert "none installed" in found.value


def test_it_allows_and_refuses_with_a_reason(install: Install) -> None:
    install(
        """
        def look(pictures, step):
            assert step in ("extract", "swap")
            return "too bright" if max(p.mean() for p in pictures) > 100 else True
        """
    )
    require_allowed(lambda: DARK, "extract", "take.mp4")
    with pytest.raises(ContentRefused, match=r"studio refuses plate\.mp4: too bright") as refusal:
        require_allowed(lambda: BRIGHT, "swap", "plate.mp4")
    assert isinstance(refusal.value, RefusedError)
    assert refusal.value.exit_code == 3
    assert check_content_hook().state == "ok"
    assert "studio" in check_content_hook().value


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("def look(pictures, step): raise RuntimeError('no model file')", "RuntimeError: no model file"),
        ("def look(pictures, step): raise SystemExit(0)", "SystemExit"),
        ("def look(pictures, step): pass", "neither True nor a reason"),
        ("def look(pictures, step): return 1", "neither True nor a reason"),
        ("def look(pictures): return True", "TypeError"),
        ("import there_is_no_such_module", "there_is_no_such_module"),
        ("def look(pictures, step): pictures[0][:] = 0; return True", "read-only"),
    ],
    ids=["raises", "exits", "no answer", "1", "other arguments", "not importable", "changes the picture"],
)
def test_a_broken_one_refuses(install: Install, body: str, said: str) -> None:
    install(body)
    with pytest.raises(ContentRefused, match=said):
        require_allowed(lambda: BRIGHT, "swap", "plate.mp4")
    assert BRIGHT[0].min() == 200


def test_deep_pictures_are_shown_with_8_bits(install: Install) -> None:
    install("def look(pictures, step): return f'{pictures[0].dtype} {pictures[0].max()}'")
    with pytest.raises(ContentRefused, match="uint8 200"):
        require_allowed(lambda: [np.full((4, 6, 3), 200 * 257, np.uint16)], "swap", "plate.mov")


def test_all_must_allow(install: Install) -> None:
    install("def look(pictures, step): return True", "one")
    require_allowed(lambda: DARK, "swap", "plate.mp4")
    install("def look(pictures, step): return 'never'", "two")
    with pytest.raises(ContentRefused, match="two refuses"):
        require_allowed(lambda: DARK, "swap", "plate.mp4")


def test_the_doctor_finds_one_that_cannot_be_loaded(install: Install) -> None:
    install("import there_is_no_such_module")
    found = check_content_hook()
    assert found.state == "failed"
    assert "there_is_no_such_module" in found.value
    assert found.fix


def test_a_value_that_is_no_function(install: Install) -> None:
    install("look = 3")
    assert check_content_hook().state == "failed"


def test_a_process_of_its_own_finds_it(install: Install, tmp_path: Path) -> None:
    install("def look(pictures, step): return 'no'")
    code = "from ml_backend.provenance.content_hook import installed_checks; print(installed_checks())"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "studio" in done.stdout


def test_the_chosen_frames_are_spread() -> None:
    assert chosen([5, 6, 7]) == [5, 6, 7]
    picked = chosen(range(1, 101), 4)
    assert picked == [13, 38, 63, 88]
