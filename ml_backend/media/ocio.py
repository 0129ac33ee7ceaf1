"""Colour spaces of an OpenColorIO configuration, for plates that are no display pictures."""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np

from ml_backend.errors import BackendError, UsageError
from ml_backend.media.colour import KNOWN, LightColour, Linear
from ml_backend.media.readable import require_readable
from ml_backend.media.transfer import Floats

_BUILTIN = "ocio://studio-config-latest"
_KNOWN = [colour.name for colour in KNOWN.values()]
_LINEAR_REC709 = ("Linear Rec.709 (sRGB)", "Linear Rec.709", "lin_rec709_scene", "lin_rec709", "lin_srgb")


@dataclass(frozen=True)
class _Processor:
    """Both directions between a colour space and linear Rec.709 light."""

    forth: Callable[[Floats], Floats]
    back: Callable[[Floats], Floats]


class _AsCurve(_Processor):
    """A space that is no linear light, such as ACEScct: light is that of Rec.709."""

    per_channel = False

    def decode(self, code: Floats) -> Floats:
        return self.forth(code)

    def encode(self, light: Floats) -> Floats:
        return self.back(light)


class _AsGamut(_Processor):
    """A linear space such as ACEScg: what the picture cannot hold is kept in its own primaries, without loss."""

    def to_rec709(self, light: Floats) -> Floats:
        return self.forth(light)

    def from_rec709(self, light: Floats) -> Floats:
        return self.back(light)


def ocio_colour(space: str, config: Path | None = None) -> LightColour:
    """The colour of plates in `space` of the configuration file, or of OpenColorIO's own ACES one.

    `space` is a name, an alias or a role. UsageError for an unknown one, for a space that cannot be inverted and
    where OpenColorIO is not installed; BackendError for a damaged configuration.
    """
    try:
        import PyOpenColorIO as ocio
    except ImportError as error:
        raise UsageError(
            f"The colour space {space} needs OpenColorIO, which is not installed.",
            f"Install it: pip install 'deepfake-sequencer[ocio]'. Without it there are {', '.join(_KNOWN)}.",
        ) from error
    loaded = _load(ocio, config)
    found = loaded.getColorSpace(space)
    where = str(config) if config else "OpenColorIO's own configuration"
    if found is None:
        raise UsageError(
            f"{where} has no colour space {space}.", _near(loaded, space, _KNOWN if config is None else [])
        )
    name = found.getName()
    if found.isData():
        raise UsageError(f"{name} of {where} is no colour.", "Name the space that the plate is in.")
    try:
        forth, back = _processors(ocio, loaded, name)
    except ocio.Exception as error:
        raise UsageError(
            f"{where} cannot turn {name} into linear Rec.709 and back ({error}).",
            "Give the configuration the role aces_interchange, or name another colour space.",
        ) from error
    linear = loaded.isColorSpaceLinear(name, ocio.REFERENCE_SPACE_SCENE)
    if linear:
        return LightColour(name, Linear(), _AsGamut(forth, back), version=str(loaded.getCacheID()))
    return LightColour(name, _AsCurve(forth, back), Linear(), version=str(loaded.getCacheID()))


def _load(ocio: Any, config: Path | None) -> Any:
    if config is None:
        return ocio.Config.CreateFromFile(_BUILTIN)
    require_readable(config)
    try:
        loaded = ocio.Config.CreateFromFile(str(config))
        loaded.validate()
    except ocio.Exception as error:
        raise BackendError(
            f"{config} is not a usable OpenColorIO configuration ({error}).", "Check it with ociocheck."
        ) from error
    return loaded


def _processors(ocio: Any, config: Any, name: str) -> tuple[Callable[[Floats], Floats], Callable[[Floats], Floats]]:
    own = next((alias for alias in _LINEAR_REC709 if config.getColorSpace(alias) is not None), None)
    if own is not None:
        forth, back = config.getProcessor(name, own), config.getProcessor(own, name)
    else:
        builtin = _LINEAR_REC709[0]
        forth = ocio.Config.GetProcessorToBuiltinColorSpace(config, name, builtin)
        back = ocio.Config.GetProcessorFromBuiltinColorSpace(builtin, config, name)
    return _function(ocio, forth), _function(ocio, back)


def _function(ocio: Any, processor: Any) -> Callable[[Floats], Floats]:
    # The default optimisation takes fast approximations of logarithms, which do not invert.
    cpu = processor.getOptimizedCPUProcessor(ocio.BIT_DEPTH_F32, ocio.BIT_DEPTH_F32, ocio.OPTIMIZATION_LOSSLESS)

    def apply(values: Floats) -> Floats:
        changed = np.array(values, np.float32, order="C")
        cpu.applyRGB(changed)
        return changed

    return apply


def _near(config: Any, space: str, others: list[str]) -> str:
    spaces = [name for entry in config.getColorSpaces() for name in (entry.getName(), *entry.getAliases())]
    names = {name.lower(): name for name in [*spaces, *others]}
    near = [names[match] for match in get_close_matches(space.lower(), names, n=5, cutoff=0.5)]
    known = near or [*others, *sorted(config.getColorSpaceNames())][:24]
    return f"{'Near are' if near else 'It has'} {', '.join(known)}."
