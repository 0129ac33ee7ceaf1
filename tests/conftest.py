"""What the tests of training, swapping and evaluation share: small facesets of the demo's actors, and a tiny model."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# Threads that wait by spinning take the time of those they wait for when other work runs beside the tests. It is read
# when torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# Whose faces may be used, and for what, is a matter of the tests themselves and not of who runs them.
os.environ.setdefault("ML_BACKEND_PROJECT", "demo")

ROOT = Path(__file__).parents[1]
FOOTAGE = ROOT / "demo" / "footage"
CONSENT = ROOT / "demo" / "consent"
FACES = {"performer_A": "plate_A.mp4", "identity_B": "identity_B_take1.mp4"}

RunBackend = Callable[..., "subprocess.CompletedProcess[str]"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first, so that of several processes none is left alone with one at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session", autouse=True)
def _home_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keys, audit and references of the tests, not the user's own."""
    with pytest.MonkeyPatch.context() as patch:
        if "ML_BACKEND_HOME" not in os.environ:
            patch.setenv("ML_BACKEND_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(scope="session")
def footage() -> Path:
    return FOOTAGE


@pytest.fixture(scope="session")
def consent() -> Path:
    """The demo's consent records: performer_A and identity_B may be used."""
    return CONSENT


@pytest.fixture(scope="session")
def facesets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A faceset of eight faces for each actor. Copy one before you change it."""
    from ml_backend.facesets.extract import run_extract
    from ml_backend.progress import SilentReporter
    from ml_backend.requests import ExtractRequest

    folder = tmp_path_factory.mktemp("facesets")
    for name, file in FACES.items():
        request = ExtractRequest(
            sources=[str(FOOTAGE / file)],
            faceset=folder / name,
            identity=name,
            frames="1-8",
            size=96,
            consent=CONSENT,
        )
        run_extract(request, SilentReporter())
    return {name: folder / name for name in FACES}


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory, facesets: dict[str, Path]) -> Path:
    """A model of both actors that has trained for a moment. Copy it before you change it."""
    from ml_backend.progress import SilentReporter
    from ml_backend.requests import TrainRequest
    from ml_backend.training.train import run_train

    model = tmp_path_factory.mktemp("models") / "tiny"
    request = TrainRequest(model=model, facesets=facesets, preset="tiny", iterations=30, consent=CONSENT)
    run_train(request, SilentReporter())
    return model


@pytest.fixture(scope="session")
def backend_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a backend process with a home folder of its own."""
    return os.environ | {"ML_BACKEND_HOME": str(tmp_path_factory.mktemp("home")), "PYTHONUNBUFFERED": "1"}


@pytest.fixture(scope="session")
def run_backend(backend_environment: dict[str, str]) -> RunBackend:
    """Run `ml-backend …` in a process of its own until it ends."""

    def run(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "ml_backend", *map(str, arguments)]
        return subprocess.run(
            command, cwd=ROOT, env=backend_environment, capture_output=True, text=True, timeout=600, check=False
        )

    return run
