"""Fixtures that start real services and end them again."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from service_process import PRODUCT, Running, wait_for, wait_until_gone


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Starts a service, by default on one workspace with a space and an umlaut in its name."""
    services: list[Running] = []

    def run(
        workspace: Path = tmp_path / "wörk space", parent_pid: int | None = None, only_own_roots: bool = False
    ) -> Running:
        variables = {"ONLY_OWN_ROOTS": "1"} if only_own_roots else {}
        services.append(Running(workspace, parent_pid, variables=variables))
        return services[-1]

    yield run
    for service in services:
        service.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One service for the tests of a file that leave it as it was."""
    service = Running(tmp_path_factory.mktemp("shared") / "workspace")
    yield service
    service.close()


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Running]:
    """`ml-backend serve`, as it ships."""
    workspace = tmp_path / "product"
    service = Running(workspace, command=[*PRODUCT, "--workspace", str(workspace), "--root", str(tmp_path), "--json"])
    yield service
    service.close()


@pytest.fixture
def service(start: Callable[..., Running]) -> Running:
    return start()


@pytest.fixture
def gone() -> Callable[[int], None]:
    """Waits for a process to end."""
    return wait_until_gone


@pytest.fixture
def wait() -> Callable[[Callable[[], Any], str], Any]:
    """Waits for a condition."""
    return wait_for
