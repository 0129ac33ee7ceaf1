"""Which of the people in a strip is meant, kept with the edit's other settings."""

from typing import TYPE_CHECKING

import bpy
from bpy.props import EnumProperty, StringProperty

RELATIVE = {"ANIMATABLE", "PATH_SUPPORTS_BLEND_RELATIVE"}  # else a path such as //deepfake is drawn as wrong
_WHO = [
    ("ONLY", "The Only Person", "One person is in the strip; the job stops and tells where there are more"),
    ("LARGEST", "The Largest Face", "The person whose face is seen most and largest"),
    ("ALL", "Everybody", "All faces, whosever they are"),
    ("NUMBERS", "By Number", "The people with these numbers in the faceset's people.png"),
    ("PICTURE", "By Picture", "The person in a reference picture"),
    ("POINT", "By Pointing", "The person whose face was pointed at in the preview"),
]


class DeepfakeChoice(bpy.types.PropertyGroup):
    """Which of the people in a strip is meant."""

    if TYPE_CHECKING:
        who: str
        numbers: str
        picture: str
        point: str
    else:
        who: EnumProperty(name="Who", description="Whose faces are collected where the strip shows more", items=_WHO)
        numbers: StringProperty(
            name="Numbers", description="Numbers of people as people.png in the faceset shows them: 1 or 1,3"
        )
        picture: StringProperty(
            name="Picture",
            description="A picture that shows this person's face alone",
            subtype="FILE_PATH",
            options=RELATIVE,
        )
        point: StringProperty(name="Point", description="Where the person was pointed at: FRAME:X,Y@SOURCE")
