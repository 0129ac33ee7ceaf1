"""Which versions fit, and what is said of a package that does not."""

import sys

import pytest

from ml_backend.doctor.check import Check, guarded
from ml_backend.doctor.installation import Loaded, Requirement, check_package, fits, requirements, try_loading
from ml_backend.errors import BackendError


@pytest.mark.parametrize(
    ("version", "wanted", "answer"),
    [
        ("2.9.0", ">=2.9,<3", True),
        ("2.9", "<3,>=2.9.0", True),
        ("2.13.0+cu126", ">=2.9,<3", True),
        ("2.8.9", ">=2.9,<3", False),
        ("3.0", ">=2.9,<3", False),
        ("2.10", ">=2.9", True),
        ("3.11.7", "<3.14,>=3.11", True),
        ("1.4.9", "~=1.4.2", True),
        ("1.5.0", "~=1.4.2", False),
        ("1.4.2", "==1.4.*", True),
        ("1.5", "==1.4.*", False),
        ("1.4.2", "!=1.4.2", False),
        ("17", "", True),
    ],
)
def test_fits(version, wanted, answer):
    assert fits(version, wanted) is answer


def test_what_the_installed_backend_asks_for_is_read():
    found = {requirement.package: requirement.versions for requirement in requirements()}
    assert "torch" in found
    assert ">=" in found["torch"]
    assert "pytest" not in found  # it belongs to an extra


def test_a_package_that_is_too_old_or_missing_says_how_to_install_it():
    old = check_package(Requirement("numpy", ">=99"), Loaded("2.0"))
    assert (old.state, old.fix) == ("failed", f'Install it again: "{sys.executable}" -m pip install "numpy>=99"')
    missing = check_package(Requirement("no-such-package", ">=1"), Loaded(error="ModuleNotFoundError: no"))
    assert missing.state == "failed"
    assert missing.value.startswith("is not installed")


def test_each_module_is_loaded_apart_from_the_others():
    found = try_loading(["json", "no_such_module", "decimal"])
    assert not found["json"].error
    assert "ModuleNotFoundError" in found["no_such_module"].error
    assert not found["decimal"].error


def test_an_error_becomes_a_finding_with_its_fix():
    def known() -> Check:
        raise BackendError("The disk is full.", "Make room.")

    def unknown() -> Check:
        raise ZeroDivisionError("no\nzero")

    assert guarded("a", known) == Check("a", "failed", "The disk is full.", "Make room.")
    assert "ZeroDivisionError: no zero" in guarded("b", unknown).value
    assert guarded("b", unknown).fix
