"""Find, follow, landmark, align and recognise faces.

Conventions of this room: pictures are H×W×3 RGB, uint8 or uint16; points are pixels where (0, 0) is the centre
of the first pixel; left and right are those of the picture, not of the person.
"""
