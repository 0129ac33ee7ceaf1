"""Swaps whose folders have moved, found again; the edit's other paths, kept right when it is saved elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from . import compat, pending_places, placing, project, strips, swap_versions
from .compat import Scene, Strip
from .core.swap_search import Sought, holds
from .properties import DeepfakeSettings

_PATHS = ("DIR_PATH", "FILE_PATH")
_HOMES = ("models", "facesets", "consent", "swaps")  # the folders in `deepfake` beside the edit


def missing() -> list[Strip]:
    """The placed swaps of all scenes of this file whose first picture is not where they show it."""
    placed = [strip for _, strip in strips.placed()]
    return [s for s in placed if s.elements and not (swap_versions.folder_of(s) / s.elements[0].filename).is_file()]


def sought(result: Strip) -> Sought:
    files = frozenset(element.filename for element in result.elements)
    return Sought(str(result.get(strips.SWAP) or ""), swap_versions.folder_of(result).name, files)


def relink(found: Mapping[Sought, Path]) -> int:
    """Have the missing swaps read their pictures from where they were found; return how many now do."""
    count = 0
    for result in missing():
        folder = found.get(sought(result))
        if folder is not None:
            placing.show_folder(result, folder)
            compat.forget_frames(result)
            count += 1
    return count


def relink_beside() -> int:
    """Without a search: where the folder `deepfake` beside the edit came along."""
    swaps = swap_versions.swaps()
    wanted = {one: swaps / one.name for one in map(sought, missing())}
    return relink({one: folder for one, folder in wanted.items() if holds(folder, one)})


@dataclass(frozen=True)
class _PathProperty:
    """A path among the edit's settings: `name`, of the group `group` where that is not empty."""

    scene: Scene
    group: str
    name: str

    @property
    def _owner(self) -> Any:
        return getattr(self.scene.deepfake, self.group) if self.group else self.scene.deepfake

    def get(self) -> str:
        return str(getattr(self._owner, self.name))

    def set(self, text: str) -> None:
        setattr(self._owner, self.name, text)


def _scene_paths() -> list[_PathProperty]:
    rna: Any = DeepfakeSettings.bl_rna
    groups = {p.identifier: p.fixed_type for p in rna.properties if p.type == "POINTER" and p.identifier != "rna_type"}
    names = [
        (group, p.identifier)
        for group, kind in {"": rna, **groups}.items()
        for p in kind.properties
        if p.type == "STRING" and p.subtype in _PATHS
    ]
    scenes = [scene for scene in bpy.data.scenes if scene.library is None]
    return [_PathProperty(scene, *name) for scene in scenes for name in names]


@dataclass(frozen=True)
class _Note:
    """The folder whose swap a strip waits for."""

    scene: Scene
    strip: str

    @property
    def _owner(self) -> Strip:
        return self.scene.sequence_editor.strips_all[self.strip]

    def get(self) -> str:
        return str(self._owner[pending_places.PENDING])

    def set(self, text: str) -> None:
        self._owner[pending_places.PENDING] = text


def _notes() -> list[_Note]:
    noted = [pair for pair in strips.everywhere() if pair[1].get(pending_places.PENDING)]
    return [_Note(scene, strip.name) for scene, strip in noted if scene.library is None]


def _relink_paths() -> None:
    """A model, a faceset … that is not where it was: it lies beside the edit where that moved with its folder."""
    for path in _scene_paths():
        text = path.get()
        if not text or Path(bpy.path.abspath(text)).exists():
            continue
        ending = Path(text.replace("\\", "/").rstrip("/")).name
        near = [folder for home in _HOMES if (folder := project.folder() / home / ending).exists()]
        if near:
            path.set(project.written(near[0]))


_before: list[tuple[_PathProperty | _Note, str]] = []


@compat.persistent
def _opened(*told: Any) -> None:
    if bpy.data.filepath:
        relink_beside()
        _relink_paths()


@compat.persistent
def _before_saving(path: str, *told: Any) -> None:
    """Blender turns its own relative paths where an edit is saved into another folder; these are ours."""
    _before.clear()
    if not (path and bpy.data.filepath) or Path(path).parent == Path(bpy.data.filepath).parent:
        return
    ours: list[_PathProperty | _Note] = [*_scene_paths(), *_notes()]
    for where in ours:
        text = where.get()
        if text.startswith("//"):
            _before.append((where, text))
            where.set(str(project.absolute(text)))


@compat.persistent
def _after_saving(path: str, *told: Any) -> None:
    """A copy went elsewhere, and this edit stays where it is."""
    if not path or Path(bpy.data.filepath) != Path(path):
        for where, text in _before:
            where.set(text)
    _before.clear()


_HANDLERS = {
    "load_post": _opened,
    "save_pre": _before_saving,
    "save_post": _after_saving,
    "save_post_fail": _after_saving,
}


def register() -> None:
    compat.add_handlers(_HANDLERS)


def unregister() -> None:
    compat.remove_handlers(_HANDLERS)
