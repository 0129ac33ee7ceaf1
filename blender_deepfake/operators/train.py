"""Train the model of the edit's settings."""

import bpy

from .. import compat, job_specs, project, training_settings
from ..core.errors import UsageError
from ..core.runner import JobSpec
from ..core.training_controls import AUTOMATIC
from .job_operator import JobOperator


class DEEPFAKE_OT_train(JobOperator):
    bl_idname = "deepfake.train"
    bl_label = "Train"
    bl_description = "Train the model on the performer's and the identity's faces. A model that exists is continued"

    def spec(self, context: bpy.types.Context) -> JobSpec:
        settings = compat.sequencer_scene(context).deepfake
        if settings.performer == settings.identity:
            raise UsageError("Performer and identity have the same name.", "Name two different people.")
        by_minutes = settings.limit == "MINUTES"
        training = job_specs.Training(
            model=project.model(settings.model),
            facesets={
                settings.performer: project.faceset(settings.performer, settings.performer_faceset),
                settings.identity: project.faceset(settings.identity, settings.identity_faceset),
            },
            preset="" if settings.preset == AUTOMATIC else settings.preset,
            iterations=None if by_minutes else settings.iterations,
            minutes=settings.minutes if by_minutes else None,
            settings={
                **training_settings.told(settings.training),
                **job_specs.key_values(settings.train_settings.split()),
            },
            consent=project.absolute(settings.consent) if settings.consent else None,
            project=settings.project,
            shot=settings.shot,
        )
        return job_specs.train(training)
