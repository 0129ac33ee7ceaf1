"""Look at faces, consent and models again."""

from typing import Any

import bpy

from .. import compat, people
from ..core.errors import DeepfakeError


class DEEPFAKE_OT_refresh_people(bpy.types.Operator):
    bl_idname = "deepfake.refresh_people"
    bl_label = "Look Again"
    bl_description = "Look at the faces and the consent records again, where another program has changed them"

    def execute(self, context: bpy.types.Context) -> set[Any]:
        try:
            for role in people.ROLES:
                people.look_again(role)
                people.look(compat.sequencer_scene(context), role)
        except DeepfakeError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}
