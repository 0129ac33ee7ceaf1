"""What the backend advises, said for somebody who looks at the panels: its own advice is for a command line."""

import re
from collections.abc import Callable
from functools import partial

from . import new_record, training_controls

_Words = str | Callable[[re.Match[str]], str]
_OTHERS = "Other Settings of the panel Train"
_SWAP_OTHERS = "Other Settings of the panel Swap"
_RECORD = (
    r"ml-backend consent new (?P<name>\S+) --basis performer"
    r"(?P<rest>(?: --[a-z-]+(?: \"[^\"]*\"| [^\s-][^\s;.]*(?:\.\w+)*)?)*)"
)
_TYPED = "\0\0"  # stands for the dashes of an option that is meant to be typed


def _kept(found: re.Match[str]) -> str:
    return f"run in a terminal: {found[0].replace('--', _TYPED)}"


def _record(found: re.Match[str]) -> str:
    """The command that makes a record: the button does the same, and its dialog has what was advised filled in."""
    name, rest = found["name"], found["rest"]
    more = ""
    if shots := re.search(r'--shots "([^"]*)"', rest):
        more = f", with the shots {shots[1]}"
    elif actions := re.search(r"--actions ([a-z,-]+)", rest):
        asked = [label for word, label, _ in new_record.ACTIONS if word in actions[1].split(",")]
        more = f", which then allows {', '.join(asked)}"
    elif "--succeeds" in rest:
        known = re.search(r"--succeeds [0-9a-f]{64}", rest)
        more = f", which {'then names' if known else 'must name'} the earlier record in Succeeds"
    elif "--key" in rest:
        more = ", with that key under More"
    return f"press Make Record of {name} under People{more}"


def _training_control(found: re.Match[str]) -> str:
    name, value = found["name"], found["value"]
    for group in training_controls.GROUPS:
        for control in group.controls:
            if control.name == name:
                switch = isinstance(control, training_controls.Toggle)
                how = f"{'tick' if value == 'true' else 'untick'} {control.label}" if switch else ""
                return f"{how or f'{control.label} {value}'} ({group.label} in the panel Train)"
    where = _SWAP_OTHERS if name in ("performer", "faces") else _OTHERS
    return f"{name}={value} in {where}"


_RULES: tuple[tuple[str, _Words], ...] = (
    # who may, and for what
    (_RECORD, _record),
    (r"ml-backend audit rotate --reason \S+", _kept),
    (r'say --project "(.*?)" or set ML_BACKEND_PROJECT', r"write “\1” into Project, under Project and Consent"),
    (r"say --shot NAME or set ML_BACKEND_SHOT", "name it in Shot, under Project and Consent"),
    (r"Say --faceset ([^\s=]+)=[^,]+,", r"Name this person \1 under People,"),
    (r"Add --replace to put", "Tick Replace to put"),
    (r"Give another folder with --out", "Choose another folder of records under Project and Consent"),
    (r"Give a file with --rider", "Choose a file as Document"),
    (r"See ml-backend consent new --help", "Look through the fields of Make Record"),
    (r"--project (\S+) would count", r"The project \1 would count"),
    (r"--days (\S+) is out of range", r"\1 days are out of range"),
    (r"--granted-by", "Who Agreed"),
    (r"--project(?=[ .]|$)", "Project"),
    (r"--use(?=[ .]|$)", "Use"),
    # who is in the footage
    (
        r"Choose with --person: a number such as 1, several such as 1,2, largest, all, a picture of the person, or a "
        r"point on the face such as 12:640,360 \(frame:x,y\)",
        "Choose below Extract who it is: the largest, all, by number, by a picture, or by pointing at the face",
    ),
    (r"say who is wanted with --person", "choose below Extract who is wanted"),
    # frames and colours of the footage
    (r"(leave it out with|choose frames among) (?=--frames )", "trim the strip to "),
    (r"choose frames without a gap, such as --frames ", "trim the strip to frames without a gap, such as "),
    (r"Choose the frames that both have with --frames", "Choose the footage that the swap was made from"),
    (r"--frames (?=\S)", "frames "),
    (r"Say which space that is: --colourspace (\S+?)(?=\.?$|\. )", r"Choose it as the strip's colour space: \1"),
    (r'--colourspace "[^"]*" looks at the plate darker', "A lower Exposure looks at it darker (Settings, Colour)"),
    (
        r'--colourspace "(?:[^"@]*@)?([^"]*)" looks at the plate brighter',
        r"An Exposure of \1 looks at it brighter (Settings, Colour)",
    ),
    (r"Say the plate's colour space with --colourspace", "Swap again: the plate's colours are read in another way now"),
    # training
    (r"Use a smaller --preset", "Choose a smaller preset for a new model"),
    (r"--preset (\S+)", r"the preset \1"),
    (r"Say --size \d+, or train into a new folder", "Choose another folder for the mask model"),
    (
        r"Paint some and take them in with ml-backend faceset import-masks; where nothing covers any of the faces, say "
        r"--set unpainted=seen",
        "Paint some: Paint Next Mask in the panel Masks",
    ),
    (
        r"Run the same command with a lower --set learning_rate=…",
        f"Write a lower learning_rate=… into {_OTHERS} and train again",
    ),
    (r"To go back further first: ml-backend model rollback .* --to (\d+)", r"To go back further first: Go Back to \1"),
    (r"A larger --iterations or --minutes trains on", "A larger number trains on"),
    (r"say --set (base=\S+) or --set (base=\w+)", rf"write \1 or \2 into {_OTHERS}"),
    (r"[Ss]ay --set (base=\w+)", rf"write \1 into {_OTHERS}"),
    (r"Train (one|it first)(?: with|:) ml-backend train --model", r"Train \1 in the panel Train"),
    (r"Train one with ml-backend train-mask --model", "Train one in the panel Masks"),
    (
        r"Give the folder of a model \(ml-backend train --model\) or a file that ml-backend model export wrote",
        "Choose the folder of a model in the panel Train",
    ),
    (r"Photos that are no sequence: extract --photos\.", "Photos that are no sequence: tick Photos."),
    # swaps
    (
        r"(Likeness to the [a-z ]+ is not measured); --\S+(?: and --\S+)? would make it known",
        r"\1: extract faces under People",
    ),
    (r"without a mask model \(--mask-model\)", "unless Keep What Covers the Face is ticked"),
    (
        r"Say who it is with --set faces=largest --set performer=NAME, or export the performer with the identity",
        f"Write faces=largest performer=NAME into {_SWAP_OTHERS}",
    ),
    (r"To paint another: --identity (.+?)(?=\.$|$)", r"Choose another person to paint: \1"),
    (r"say --set performer=(\S+?)(?=\.?$|\. )", rf"write performer=\1 into {_SWAP_OTHERS}"),
    (
        r"Say it with --set performer=NAME, or use --set faces=largest",
        f"Write performer=NAME or faces=largest into {_SWAP_OTHERS}",
    ),
    (r"--set faces=largest or faces=all swaps", f"faces=largest or faces=all in {_SWAP_OTHERS} swaps"),
    (r"Find the faces of the whole range first: the same swap with --step faces", "Swap the whole strip again"),
    # the backend itself
    (r"(give another|Choose another with) --workspace", "choose another Workspace in the extension's preferences"),
    (r", with `ml-backend serve --root [^`]*`, or in roots\.json in the workspace", ""),
    (r"[Ss]ay --set (?P<name>[\w.]+)=(?P<value>[^\s;)]*\w)", lambda found: f"set {_training_control(found)}"),
    (r"--set (?P<name>[\w.]+)=(?P<value>[^\s;)]*\w|…)", _training_control),
)
_COMPILED = tuple((re.compile(pattern), words) for pattern, words in _RULES)


def in_panel(text: str) -> str:
    """`text` with every option of a command line as what can be clicked; what only a terminal can do stays."""
    if "--" not in text or "Run it in a terminal" in text:
        return text
    for pattern, words in _COMPILED:
        text = pattern.sub(partial(_said, words), text)
    return text.replace(_TYPED, "--")


def _said(words: _Words, found: re.Match[str]) -> str:
    """With a capital where there was one."""
    said = found.expand(words) if isinstance(words, str) else words(found)
    return said[:1].upper() + said[1:] if found[0][:1].isupper() else said
