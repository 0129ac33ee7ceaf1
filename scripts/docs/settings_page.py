"""The page of all settings that `--set` changes, from the models that check them."""

import json
from collections.abc import Iterator
from typing import Any, get_args

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ml_backend.swapping.settings import KEYED, SwapSettings
from ml_backend.training.config import TrainingConfig
from ml_backend.training.masks.settings import MaskSettings
from ml_backend.training.presets import PRESETS

TEXT = """All settings that `--set NAME=VALUE` changes.

## Training

`ml-backend train`; [Training](../training.md) says what they are for. Lengths of `augmentation` are parts of the face
crop's side. Lists are written as JSON, names also with commas: `--set augmentation.flip=anna,ben`. `architecture` stays
as a model was begun with.
"""
CHANGED = """### What the presets change

Of the defaults above.
"""
MASKS = """## Training of a mask model

`ml-backend train-mask`. Lengths are parts of the picture's side.
"""
SWAP = """## Swap

`ml-backend swap` and `preview`; [Swapping](../swap.md) says what they are for. Lengths are parts of the distance of the
outer eye corners. What can be keyed may have another value on every frame (`--keys FILE`).
`occlusion` and its lengths count where `--mask-model` is given; a swap that is given them without one says so.
"""
HEAD = ("| setting | default | values | |", "|---|---|---|---|")


def settings_page(made: str) -> str:
    """The whole page. made: the remark that it is written by a program."""
    training = list(_leaves(TrainingConfig()))
    presets = [f"| `{name}` | {_changes(config)} |" for name, config in PRESETS.items()]
    swap = [_row(name, field, field.default, name in KEYED) for name, field in SwapSettings.model_fields.items()]
    parts = [
        *("# Settings", "", made, "", TEXT),
        *(*HEAD, *(_row(*leaf) for leaf in training), "", CHANGED),
        *("| preset | settings |", "|---|---|", *presets, "", MASKS),
        *(*HEAD, *(_row(*leaf) for leaf in _leaves(MaskSettings())), "", SWAP),
        *("| setting | default | values | keyed | |", "|---|---|---|---|---|", *swap, ""),
    ]
    return "\n".join(parts)


def _leaves(values: BaseModel, prefix: str = "") -> Iterator[tuple[str, FieldInfo, Any]]:
    """Name as in --set, field and value of all settings, those of parts of the configuration too."""
    for name, field in type(values).model_fields.items():
        value = getattr(values, name)
        if isinstance(value, BaseModel):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name, field, value


def _changes(config: TrainingConfig) -> str:
    usual = {name: value for name, _, value in _leaves(TrainingConfig())}
    changed = {name: value for name, _, value in _leaves(config) if value != usual[name]}
    return ", ".join(f"`{name}={_shown(value)}`" for name, value in changed.items())


def _row(name: str, field: FieldInfo, default: Any, keyed: bool | None = None) -> str:
    assert field.description, f"{name} has no description"
    cells = [f"`{name}`", _shown(default), _values(field)]
    if keyed is not None:
        cells.append("yes" if keyed else "")
    return f"| {' | '.join([*cells, field.description])} |"


def _shown(value: Any) -> str:
    if value is None or value == ():
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return json.dumps([one.model_dump(exclude_defaults=True) for one in value])
    return f"{value:g}" if isinstance(value, float) else str(value)


def _values(field: FieldInfo) -> str:
    """What is allowed, in words."""
    if field.annotation is bool:
        return "true, false"
    if field.annotation not in (int, float):
        return ", ".join(one for one in get_args(field.annotation) if isinstance(one, str))
    low = high = ""
    for limit in field.metadata:
        match limit:
            case Ge(ge=bound):
                low = _number(bound)
            case Gt(gt=bound):
                low = f"over {_number(bound)}"
            case Le(le=bound):
                high = _number(bound)
            case Lt(lt=bound):
                high = f"under {_number(bound)}"
    if low and high:
        return f"{low} … {high}".replace("-", "−")
    return f"{low} and more" if low and not low.startswith("over") else low


def _number(bound: Any) -> str:
    return str(bound) if isinstance(bound, int) else f"{bound:g}"
