"""Asks a strip for something by a name that goes away, as if the extension did. Arguments: folder."""

import json

import pictures

strip = pictures.movie(pictures.edit())
found: dict[str, int] = {}
exec(compile("found['start'] = strip.frame_final_start", "blender_deepfake/old.py", "exec"))
print(json.dumps(found))
