"""Points of the 478-point face mesh (MediaPipe's numbering): what is drawn, and what can be dragged."""

OVAL = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
    *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)
LEFT_EYE = (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246)
RIGHT_EYE = (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466)
LIPS = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185)
INNER_LIPS = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191)
LEFT_BROW, RIGHT_BROW = (70, 63, 105, 66, 107), (336, 296, 334, 293, 300)
NOSE = (168, 197, 5, 4)

CLOSED = (OVAL, LEFT_EYE, RIGHT_EYE, LIPS, INNER_LIPS)
OPEN = (LEFT_BROW, RIGHT_BROW, NOSE)

HANDLES = (
    *(33, 159, 133, 145, 362, 386, 263, 374),  # corners and lids of the eyes
    *(70, 105, 107, 336, 334, 300),  # brows
    *(168, 4, 98, 327),  # bridge, tip and wings of the nose
    *(61, 0, 291, 17, 13, 14),  # mouth
    *(10, 127, 132, 172, 152, 397, 361, 356),  # forehead, temples, jaw and chin
)
"""Enough to mend a face with, and few enough to hit one with the mouse."""
