"""All looks in their order. What cannot be loaded is not looked at further: one fault is told once."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module, metadata

from ml_backend.doctor import installation, machine, places
from ml_backend.doctor.check import Check, guarded
from ml_backend.doctor.devices import Device, find_devices, processor
from ml_backend.doctor.installation import DISTRIBUTION, Loaded, Requirement

_MODULES = (
    "OpenEXR",
    "av",
    "cv2",
    "fastapi",
    "numpy",
    "onnxruntime",
    "platformdirs",
    "psutil",
    "pydantic",
    "safetensors",
    "torch",
)
_PACKAGES = {"cv2": "opencv-python-headless", "OpenEXR": "openexr"}
_FACES = ("cv2", "numpy", "onnxruntime", "pydantic")
_MEDIA = ("OpenEXR", "av", "cv2", "numpy", "pydantic")
_TORCH = ("cv2", "numpy", "pydantic", "torch")

Show = Callable[[Check], None]


@dataclass
class Examination:
    """What is known so far; `add` shows each finding as it comes."""

    show: Show
    loaded: dict[str, Loaded]
    required: list[Requirement] | None
    checks: list[Check] = field(default_factory=list)

    def add(self, check: Check) -> Check:
        self.checks.append(check)
        self.show(check)
        return check

    def look(self, name: str, look: Callable[[], Check], *modules: str) -> Check | None:
        """Look, if the modules that it needs can be loaded."""
        return self.add(guarded(name, look)) if self.usable(*modules) else None

    def usable(self, *modules: str) -> bool:
        return not any(self.loaded.get(name, Loaded()).error for name in modules)

    @property
    def can_train(self) -> bool:
        return self.usable(*_TORCH, "safetensors")

    @property
    def can_find_faces(self) -> bool:
        """Do the face models work? Known after `look_at_everything`."""
        return self.usable(*_FACES) and all(c.state == "ok" for c in self.checks if c.name.startswith("face "))

    @property
    def can_use_movies(self) -> bool:
        return self.usable(*_MEDIA)


def begin(show: Show) -> Examination:
    """Load everything that the backend needs in a process of its own; takes seconds."""
    try:
        required = installation.requirements()
    except metadata.PackageNotFoundError:
        required = None
    modules = sorted({*_MODULES, *(requirement.module for requirement in required or ())})
    return Examination(show, installation.try_loading(modules), required)


def look_at_everything(exam: Examination) -> None:
    _look_at_installation(exam)
    if exam.can_train:
        _look_at_torch(exam)
    _look_at_faces(exam)
    _look_at_media(exam)
    exam.look("memory", machine.check_memory, "psutil")
    exam.look("home folder", places.check_home, "platformdirs")
    exam.look("consent keys", places.check_keys, "platformdirs", "cryptography")
    exam.look("content check", _later("content_check", "check_content_hook"), "numpy")
    exam.look("disk", places.check_disk, "platformdirs")
    exam.look("temporary folder", places.check_temporary)
    exam.look("loopback socket", machine.check_loopback)
    exam.look("clock", machine.check_clock)


def devices_of(exam: Examination) -> list[Device]:
    """The CPU alone where loading torch fails, which could end this process too."""
    return find_devices() if exam.usable("torch") else [processor()]


def _look_at_installation(exam: Examination) -> None:
    if exam.required is None:
        fix = "Install it: the wheel, or the source folder, with pip."
        exam.add(Check("installation", "warning", f"{DISTRIBUTION} is not installed as a package", fix))
    listed = list(exam.required or ())
    known = {requirement.module for requirement in listed}
    listed += [Requirement(_PACKAGES.get(name, name), "") for name in _MODULES if name not in known]
    if exam.required is not None:
        exam.look("python", installation.check_python)
    for requirement in listed:
        found = exam.loaded[requirement.module]
        exam.look(requirement.package, partial(installation.check_package, requirement, found))


def _look_at_torch(exam: Examination) -> None:
    exam.look("graphics card", _later("torch_build", "check_acceleration"))
    exam.look("precision", _later("torch_build", "check_precision"))
    exam.look("threads", _check_threads)


def _check_threads() -> Check:
    import torch

    return machine.check_threads(torch.get_num_threads())


def _look_at_faces(exam: Examination) -> None:
    found = exam.look("face models", _later("face_models", "check_files"), *_FACES)
    if found and found.state == "ok":
        exam.look("face recognition", _later("face_models", "check_inference"))


def _look_at_media(exam: Examination) -> None:
    exam.look("decoders", _later("codecs", "check_decoders"), *_MEDIA)
    found = exam.look("encoders", _later("codecs", "check_encoders"), *_MEDIA)
    if found and found.state == "ok":
        exam.look("write and read", _later("codecs", "check_round_trip"), *_MEDIA)


def _later(module: str, name: str) -> Callable[[], Check]:
    """The function `name` of a module of this package, which is only loaded when it is called."""

    def look() -> Check:
        check: Check = getattr(import_module(f"ml_backend.doctor.{module}"), name)()
        return check

    return look
