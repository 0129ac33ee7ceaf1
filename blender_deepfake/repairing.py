"""What the operators of manual repair share: which faceset, which frame of which source, and which faces."""

from dataclasses import dataclass
from pathlib import Path

from . import project, strips
from .compat import Scene
from .core import faceset_index, repairs
from .core.errors import UsageError
from .core.faceset_index import IndexedFace
from .core.picture_mapping import Point
from .core.repairs import Repair
from .shown_frame import ShownFrame, shown_frame


@dataclass(frozen=True)
class Workplace:
    """The frame that the active strip shows, with the faces and the repairs that `faceset` has of it."""

    faceset: Path
    shown: ShownFrame
    faces: list[IndexedFace]
    repairs: list[Repair]

    def face_at(self, point: Point) -> IndexedFace:
        """The face around `point`. Raises UsageError where there is none."""
        found = faceset_index.face_at(self.faces, point)
        if found is None:
            name = self.faceset.name
            raise UsageError(
                f"The faceset {name} has no face at {point[0]:.0f}, {point[1]:.0f} of frame {self.shown.number}.",
                "Point at one of those that are drawn, or add a face.",
            )
        return found


def faceset(scene: Scene, chosen: str = "") -> Path:
    """`chosen`, else the folder of the person whose faces are being repaired."""
    settings = scene.deepfake
    role = settings.repair_role.lower()
    return project.faceset(getattr(settings, role), chosen or getattr(settings, f"{role}_faceset"))


def workplace(scene: Scene, chosen: str = "", frame: int | None = None) -> Workplace:
    """Raises UsageError where no strip is active or it shows nothing, DeepfakeError for a damaged faceset."""
    shown = shown_frame(scene, strips.source_of_active(scene), frame)
    folder = faceset(scene, chosen)
    return Workplace(
        folder,
        shown,
        faceset_index.faces(folder, shown.source, shown.number),
        repairs.of_frame(repairs.read(folder), shown.source, shown.number),
    )


def keep(folder: Path, repair: Repair) -> str:
    """Write `repair` and say what is to be done now. Raises UsageError where there is no faceset."""
    if not folder.is_dir():
        raise UsageError(f"There is no faceset at {folder}.", "Extract the faces first, then repair what is wrong.")
    count = len(repairs.append(folder, repair))
    return f"{count} {'repair' if count == 1 else 'repairs'} in {folder.name}. Extract again to apply them"
