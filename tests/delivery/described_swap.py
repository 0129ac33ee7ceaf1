"""A swap that is described and signed, without its pictures."""

from pathlib import Path
from typing import Any

from ml_backend.provenance.credentials import Facts, Plate, sign_sequence
from ml_backend.swapping.manifest import MANIFEST, Consent, Manifest, write_manifest

HASH = "5" * 64
"""What it says that its plate's is."""


def describe(footage: Path, identity: str = "identity_B", record: str = "d" * 64, **changes: Any) -> Manifest:
    """What a finished swap of the demo's plate says of itself."""
    described = Manifest(
        plate={"source": str(footage / "plate_A.mp4"), "frames": "1-12"},
        identity=identity,
        model="model",
        checkpoint="c" * 64,
        width=384,
        height=384,
        bit_depth=8,
        fps="25",
        timecode=None,
        first=1,
        last=12,
        output="png8",
        alpha="straight",
        colour="sRGB",
        jitter=None,
        settings={},
        keys={},
        fingerprint="f" * 64,
        consent=Consent(identity=identity, record_sha256=record),
        frames=[],
    )
    return described.model_copy(update=changes)


def described_swap(folder: Path, identity: str, record: str, footage: Path) -> Path:
    people = {identity: record, "performer_A": "a" * 64}
    consent = Consent(identity=identity, record_sha256=record, people=people)
    folder.mkdir()
    write_manifest(folder, describe(footage, identity, record, consent=consent))
    facts = Facts(folder.name, people, "0" * 64, models=(f"{identity:_<64}",))
    plate = Plate("plate_A.mp4", HASH, footage / "plate_A.mp4")
    sign_sequence(folder, [], facts, [MANIFEST], lambda: plate)
    return folder
