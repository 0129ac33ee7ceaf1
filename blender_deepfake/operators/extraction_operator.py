"""What the operators that collect faces have in common."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import bpy

from .. import compat, job_specs, people, project, session
from ..backend_place import backend_place
from ..choice_settings import DeepfakeChoice
from ..core import person_choice
from ..core.errors import DeepfakeError
from ..core.runner import JobSpec
from ..properties import DeepfakeSettings


class ExtractionOperator(bpy.types.Operator):
    """Sends the jobs that `specs` describes, as JobOperator sends one."""

    if TYPE_CHECKING:
        person: str
        faceset: str
        role: str
    else:
        person: bpy.props.StringProperty(name="Person", description="Name of the person whose faces these are")
        faceset: bpy.props.StringProperty(
            name="Faceset", description="Folder for the faces. Empty: deepfake/facesets beside the edit"
        )
        role: bpy.props.StringProperty(
            name="Role",
            description="Performer or identity: whose choice in the panel tells who of the people in the footage it "
            "is. Empty: the only one",
        )

    def specs(self, context: bpy.types.Context) -> Sequence[JobSpec]:
        raise NotImplementedError

    def execute(self, context: bpy.types.Context) -> set[Any]:
        try:
            specs = self.specs(context)
            for spec in specs:
                if bpy.app.background:
                    session.current().run(spec, backend_place(), lambda entry: None)
                else:
                    session.current().submit(spec, None, allow=[project.folder()])
        except DeepfakeError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if self.role:
            people.look_again(self.role.lower())
        said = specs[0].note or specs[0].label if len(specs) == 1 else f"{len(specs)} extractions"
        self.report({"INFO"}, f"{said}: {'done' if bpy.app.background else 'started'}")
        return {"FINISHED"}

    def how(self, context: bpy.types.Context, who: str = "") -> job_specs.Extraction:
        """The panel's settings; `who` wins over its choice of a person."""
        settings: DeepfakeSettings = compat.sequencer_scene(context).deepfake
        return job_specs.Extraction(
            who=who or self._who(settings),
            framing=settings.framing,
            smallest=settings.smallest_face,
            size=settings.crop_size,
            landmarks=settings.landmark_model,
            average=settings.average,
            smooth=settings.smooth,
            fan_weights=project.absolute(settings.fan_weights) if settings.fan_weights else None,
            consent=project.absolute(settings.consent) if settings.consent else None,
            project=settings.project,
            shot=settings.shot,
        )

    def _who(self, settings: DeepfakeSettings) -> str:
        if not self.role:
            return "only"
        choice: DeepfakeChoice = getattr(settings, f"{self.role.lower()}_choice")
        picture = project.absolute(choice.picture) if choice.picture else None
        return person_choice.of_settings(choice.who, choice.numbers, picture, choice.point)
