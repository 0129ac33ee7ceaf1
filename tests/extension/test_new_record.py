"""A new record is asked for as it was filled in, or as the backend's own advice says."""

from dataclasses import replace
from pathlib import Path

import pytest

from blender_deepfake.core import new_record
from blender_deepfake.core.errors import UsageError
from blender_deepfake.core.new_record import NewRecord
from ml_backend.provenance.consent import new_command

ANNA = NewRecord("anna", "self")
HASH = "0f" * 32


def test_as_it_was_filled_in() -> None:
    assert ANNA.arguments() == ["consent", "new", "anna", "--json", "--basis", "self", "--actions", "train,swap"]
    words = NewRecord("anna", "performer", "film", "the actor", "--a use", 30, "sh1*", rider=Path("/a b/x.pdf"))
    assert "--use=--a use" in words.arguments(), "a text may begin with dashes"
    assert {"--rider=/a b/x.pdf", "--days=30", "--shots=sh1*"} < set(words.arguments())
    rare = replace(ANNA, witness="the agent", reference=Path("/p.png"), key=Path("/k.pem"), replace=True)
    assert rare.arguments()[-4:] == ["--witness=the agent", "--reference=/p.png", "--key=/k.pem", "--replace"]
    earlier = replace(ANNA, succeeds=f" {HASH},\n{'a' * 64} ").arguments()
    assert earlier[-2:] == [f"--succeeds={HASH}", f"--succeeds={'a' * 64}"]


def test_what_it_allows() -> None:
    assert "swap,export-model" in replace(ANNA, actions=("export-model", "swap")).arguments()
    with pytest.raises(UsageError, match="allows nothing"):
        replace(ANNA, actions=()).arguments()


def test_what_is_missing() -> None:
    with pytest.raises(UsageError, match="Project, Who Agreed, Use"):
        NewRecord("anna", "performer", use=" ").arguments()
    with pytest.raises(UsageError, match="no name"):
        NewRecord("", "self").arguments()


def test_as_the_backend_advises() -> None:
    make = new_command("anna")
    said = [
        f"If that was agreed: {new_command('ben')} --actions train --replace",
        f"If it is the same person: {make} --replace --succeeds {HASH}; else train anew under another name.",
        f"If more was agreed: {make} --actions train,swap,export-model --replace",
    ]
    found = new_record.advised("anna", said)
    assert (found.succeeds, found.actions, found.replace) == (HASH, new_record.USUAL, True)
    assert new_record.advised("anna", said[2:]).actions == ("train", "swap", "export-model")
    assert new_record.advised("anna", [f"Make one: {make}"]) == NewRecord("anna", "performer")
    beside = new_command("anna", Path("/a film/consent"))
    assert new_record.advised("anna", [f"Make a new record: {beside} --replace"]).folder == Path("/a film/consent")
    assert new_record.advised("anna", ["Relink the strip.", said[0]]) == NewRecord("anna", "performer")
