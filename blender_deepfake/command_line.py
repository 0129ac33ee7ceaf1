"""The arguments of `blender --command deepfake`."""

import argparse
from typing import Any, NoReturn

from .argument_types import at_least_one, crop_side, face_side, frames, positive, smoothing
from .core.errors import UsageError
from .export_job import FORMATS

_ABOUT = "Deepfakes in an edit, without a window. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused (consent)."


class _Parser(argparse.ArgumentParser):
    """Says in one line what is wrong, as every other error is said, and leaves the process to Blender."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message[:1].upper()}{message[1:]}.", f"See {self.prog} --help")


def parser() -> argparse.ArgumentParser:
    """Its `parse_args` raises UsageError for wrong arguments, and SystemExit after --help."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    backend = argparse.ArgumentParser(add_help=False)
    backend.add_argument(
        "--backend", metavar="COMMAND", help="the ml-backend program, its virtual environment or a command line"
    )
    backend.add_argument("--workspace", metavar="DIR", help="folder of the backend's jobs and logs")
    strip = argparse.ArgumentParser(add_help=False)
    strip.add_argument("--strip", required=True, metavar="NAME", help="the strip's name in the edit")
    strip.add_argument("--scene", metavar="NAME", help="the scene of the strip (default: the one that has it)")
    consent = argparse.ArgumentParser(add_help=False)
    consent.add_argument(
        "--consent", metavar="DIR", help="folder of consent records besides your own (default: as the edit says)"
    )
    consent.add_argument(
        "--project",
        default="",
        metavar="NAME",
        help="the production (default: as the edit says, then ML_BACKEND_PROJECT)",
    )
    consent.add_argument(
        "--shot", default="", metavar="NAME", help="the shot (default: as the edit says, then the strip's name)"
    )
    painting = argparse.ArgumentParser(add_help=False)
    painting.add_argument("--model", required=True, metavar="DIR", help="folder of the model")
    painting.add_argument("--identity", required=True, metavar="NAME", help="whose face is painted")
    painting.add_argument(
        "--mask-model", metavar="DIR", help="keep what covers the face in front of it (default: as the edit says)"
    )
    painting.add_argument(
        "--repairs", metavar="FILE", help="repairs.json of the performer's faceset (default: of the edit's performer)"
    )
    more = argparse.ArgumentParser(add_help=False)
    more.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a further setting")
    save = argparse.ArgumentParser(add_help=False)
    save.add_argument("--save", nargs="?", const="", metavar="PATH", help="save the edit (default: its own file)")

    top: argparse.ArgumentParser = _Parser(prog="blender -b EDIT.blend --command deepfake", description=_ABOUT)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_extract(commands, [strip, consent, backend, common])
    _add_repair(commands, [strip, common])
    _add_masks(commands, [backend, common])

    train = commands.add_parser("train", parents=[more, consent, backend, common], help="train a model, or continue it")
    train.add_argument("--model", required=True, metavar="DIR", help="folder of the model")
    train.add_argument(
        "--faceset", action="append", required=True, metavar="NAME=DIR", help="a person's faces; give two or more"
    )
    train.add_argument("--preset", help="size of a new model")
    limit = train.add_mutually_exclusive_group()
    limit.add_argument("--iterations", type=at_least_one, metavar="N", help="iterations that the model shall have")
    limit.add_argument("--minutes", type=positive, metavar="M", help="how long to train")

    swap = commands.add_parser(
        "swap", parents=[strip, painting, more, consent, save, backend, common], help="swap the face in a strip"
    )
    swap.add_argument("--out", metavar="DIR", help="default: a folder in deepfake/swaps beside the edit")
    swap.add_argument(
        "--frames",
        type=frames,
        metavar="A-B",
        help="of the frames that the strip shows only these: a movie's first one is 1, pictures count as their files "
        "do, and plates that Blender renders from 1001 on",
    )
    swap.add_argument("--place", action="store_true", help="lay the result over the strip")

    place = commands.add_parser("place", parents=[strip, save, common], help="lay a finished swap over its strip")
    place.add_argument("swap", metavar="SWAP_DIR", help="folder of the finished swap")

    preview = commands.add_parser(
        "preview", parents=[strip, painting, more, consent, backend, common], help="swap the face in one frame"
    )
    preview.add_argument(
        "--frame", type=int, metavar="N", help="frame of the timeline (default: the edit's current one)"
    )
    preview.add_argument("--out", metavar="FILE.png", help="default: a file in deepfake/previews beside the edit")
    _add_reviews(commands, backend, common)
    _add_farm(commands, [strip, painting, more, consent, backend, common])

    commands.add_parser("status", parents=[backend, common], help="show the backend and its jobs")
    commands.add_parser("check", parents=[backend, common], help="have the backend examine itself and this machine")
    job = commands.add_parser("job", parents=[backend, common], help="do something to a job of the backend that runs")
    job.add_argument("action", choices=("pause", "resume", "cancel", "retry", "remove"), help="what to do")
    job.add_argument("id", metavar="ID", help="the job, as status prints it")
    return top


def _add_extract(commands: Any, parents: list[argparse.ArgumentParser]) -> None:
    extract = commands.add_parser("extract", parents=parents, help="collect the faces that a strip shows")
    extract.add_argument("--name", required=True, metavar="PERSON", help="whose faces they are")
    extract.add_argument("--faceset", metavar="DIR", help="default: deepfake/facesets/PERSON beside the edit")
    extract.add_argument("--frames", type=frames, metavar="A-B", help="only these, counted as for swap")
    extract.add_argument(
        "--person",
        default="only",
        metavar="WHO",
        help="who of several people: only, largest, all, 1 or 1,3 (people.png in the faceset shows the numbers), "
        "a reference picture, FRAME:X,Y or FRAME:X,Y@SOURCE",
    )
    extract.add_argument("--framing", choices=("face", "whole-face", "head"), default="face", help="what crops hold")
    extract.add_argument(
        "--size", type=crop_side, default=0, metavar="N", help="side of the crops (default: by the footage)"
    )
    extract.add_argument(
        "--smallest",
        type=face_side,
        default=0,
        metavar="PX",
        help="side of the smallest face wanted (default: by the footage)",
    )
    extract.add_argument("--landmarks", choices=("mesh", "fan"), default="mesh", help="what measures the faces")
    extract.add_argument("--fan-weights", metavar="FILE", help="FAN's weights (default: found in the torch hub folder)")
    extract.add_argument(
        "--smooth", type=smoothing, default=1.0, metavar="X", help="0 to 4: how much jitter is taken out (default 1)"
    )
    extract.add_argument("--average", action="store_true", help="measure each face in several crops: steadier, slower")


def _add_repair(commands: Any, parents: list[argparse.ArgumentParser]) -> None:
    repair = commands.add_parser("repair", parents=parents, help="mend what was found wrongly in a frame")
    repair.add_argument("--faceset", required=True, metavar="DIR", help="whose faces; the next extraction applies it")
    repair.add_argument(
        "--frame", type=int, metavar="N", help="frame of the timeline (default: the edit's current one)"
    )
    action = repair.add_mutually_exclusive_group(required=True)
    action.add_argument("--add", metavar="X0,Y0,X1,Y1", help="there is a face in this box, in pixels of the source")
    action.add_argument("--delete", metavar="X,Y", help="the face around this point is none")
    action.add_argument(
        "--move", nargs=2, metavar=("X,Y", "X0,Y0,X1,Y1"), help="the face around this point is in this box"
    )
    action.add_argument(
        "--landmarks",
        nargs="+",
        metavar="X,Y N=X,Y",
        help="of the face around the first point, mesh point N belongs here; more may follow",
    )
    action.add_argument("--undo", action="store_true", help="take the last repair of the faceset back")
    repair.add_argument("--roll", type=float, default=0.0, metavar="DEG", help="how far the head of a box is tilted")


def _add_masks(commands: Any, parents: list[argparse.ArgumentParser]) -> None:
    mask = commands.add_parser("train-mask", parents=parents, help="learn from painted masks what covers faces")
    mask.add_argument("--model", required=True, metavar="DIR", help="folder of the mask model")
    mask.add_argument(
        "--faceset", action="append", required=True, metavar="DIR", help="has painted masks; give any number"
    )
    limit = mask.add_mutually_exclusive_group()
    limit.add_argument("--iterations", type=at_least_one, metavar="N", help="iterations that the model shall have")
    limit.add_argument("--minutes", type=positive, metavar="M", help="how long to train")
    apply = commands.add_parser("apply-masks", parents=parents, help="have a mask model make a faceset's masks")
    apply.add_argument("--faceset", required=True, metavar="DIR", help="whose faces get masks")
    apply.add_argument("--mask-model", required=True, metavar="DIR", help="folder of the mask model")


def _add_reviews(commands: Any, backend: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    evaluate = commands.add_parser("evaluate", parents=[backend, common], help="measure a swap and write a report")
    evaluate.add_argument("swap", metavar="SWAP_DIR", help="folder of the finished swap")
    evaluate.add_argument("--plate", metavar="SOURCE", help="default: the plate that the swap was made from")
    evaluate.add_argument("--truth", metavar="SOURCE", help="the perfect swap, where there is one")
    evaluate.add_argument("--mask", metavar="SOURCE", help="grey footage: where to compare with the truth")
    evaluate.add_argument("--frames", type=frames, metavar="A-B", help="only these frames of the plate")
    evaluate.add_argument("--identity-faceset", metavar="DIR", help="compare with the identity's faces")
    evaluate.add_argument("--performer-faceset", metavar="DIR", help="compare with the performer's faces")

    consent = commands.add_parser(
        "consent",
        parents=[backend, common],
        help="say whether there is valid consent for what the edit is about, or run ml-backend consent",
        epilog="Without words: checks the performer and the identity of each scene, and ends with 3 where consent is "
        "missing. What else follows goes to the backend as it is: consent check NAME, consent list …",
    )
    consent.add_argument("words", nargs=argparse.REMAINDER, metavar="…", help="for ml-backend consent")

    verify = commands.add_parser("verify", parents=[backend, common], help="read the credentials of files or swaps")
    verify.add_argument("files", nargs="+", metavar="FILE", help="a film, a picture, or the folder of a swap")
    verify.add_argument("--consent", metavar="DIR", help="folder of consent records (default: as the edit says)")
    verify.add_argument(
        "--swap", action="append", default=[], metavar="DIR", help="a swap that the watermark may name, for each"
    )

    sign = commands.add_parser(
        "sign", parents=[backend, common], help="sign what was rendered, for the placed swaps of the edit that it shows"
    )
    sign.add_argument(
        "file", nargs="?", metavar="FILE", help="a film or a folder of pictures (default: the film of the scene)"
    )
    sign.add_argument("--scene", metavar="NAME", help="the rendered scene (default: the edit's active one)")
    sign.add_argument(
        "--swap", action="append", default=[], metavar="DIR", help="a swap in it, for each (default: as the scene has)"
    )


def _add_farm(commands: Any, parents: list[argparse.ArgumentParser]) -> None:
    export = commands.add_parser(
        "export-job", parents=parents, help="write the swap of a strip as a job for a farm, or for ml-backend farm run"
    )
    export.add_argument("--job", required=True, metavar="DIR", help="the job's folder; all workers must see it")
    export.add_argument("--out", metavar="DIR", help="default: a folder in deepfake/swaps beside the edit")
    export.add_argument("--frames", type=frames, metavar="A-B", help="only these, counted as for swap")
    export.add_argument("--format", choices=FORMATS, default=FORMATS[0], help="what the farm reads (default openjd)")
    export.add_argument("--chunk", type=at_least_one, default=15, metavar="N", help="frames of a piece (default 15)")
    export.add_argument("--worker-backend", metavar="PROGRAM", help="ml-backend as the workers call it")
