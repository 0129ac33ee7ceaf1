"""Makes the folder of a swap, as pictures.py writes it, what a finished and signed one is. Argument: the folder.

Runs in the backend's environment.
"""

import hashlib
import json
import sys
from pathlib import Path

from ml_backend.provenance import audit
from ml_backend.provenance.credentials import Facts, sign_sequence

folder = Path(sys.argv[1])
file = folder / "manifest.json"
value = json.loads(file.read_text("utf-8"))
nothing = {"transforms": [], "confidence": [], "window": None, "bytes": 1, "inputs": "", "swap": ""}
value["frames"] = [{**frame, **nothing} for frame in value["frames"]]
value |= {"version": 2, "timecode": None, "checkpoint": "00000001", "output": "png8", "alpha": "straight"}
value |= {"colour": "sRGB", "jitter": None, "keys": {}, "fingerprint": "print", "settings": {}}
value["consent"]["record_sha256"] = value["consent"]["record_sha256"] or "0" * 64
file.write_text(json.dumps(value))
pictures = [(path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in sorted(folder.glob("*.png"))]
consent = value["consent"]
facts = Facts(folder.name, {consent["identity"]: consent["record_sha256"]}, audit.head())
sign_sequence(folder, pictures, facts, [file.name])
