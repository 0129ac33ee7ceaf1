"""The arguments of `blender --command deepfake`."""

import argparse


def parser() -> argparse.ArgumentParser:
    """Wrong arguments end with exit code 2, as argparse does it."""
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
    consent.add_argument("--consent", metavar="DIR", help="folder of consent records besides your own")
    more = argparse.ArgumentParser(add_help=False)
    more.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a further setting")
    save = argparse.ArgumentParser(add_help=False)
    save.add_argument("--save", nargs="?", const="", metavar="PATH", help="save the edit (default: its own file)")

    top = argparse.ArgumentParser(prog="blender -b EDIT.blend --command deepfake", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    extract = commands.add_parser(
        "extract", parents=[strip, backend, common], help="collect the faces that a strip shows"
    )
    extract.add_argument("--name", required=True, metavar="PERSON", help="whose faces they are")
    extract.add_argument("--faceset", metavar="DIR", help="default: deepfake/facesets/PERSON beside the edit")

    train = commands.add_parser("train", parents=[more, consent, backend, common], help="train a model, or continue it")
    train.add_argument("--model", required=True, metavar="DIR", help="folder of the model")
    train.add_argument(
        "--faceset", action="append", required=True, metavar="NAME=DIR", help="a person's faces; give two or more"
    )
    train.add_argument("--preset", help="size of a new model")
    limit = train.add_mutually_exclusive_group()
    limit.add_argument("--iterations", type=_at_least_one, metavar="N", help="iterations that the model shall have")
    limit.add_argument("--minutes", type=_positive, metavar="M", help="how long to train")

    swap = commands.add_parser(
        "swap", parents=[strip, more, consent, save, backend, common], help="swap the face in a strip"
    )
    swap.add_argument("--model", required=True, metavar="DIR", help="folder of the model")
    swap.add_argument("--identity", required=True, metavar="NAME", help="whose face is painted")
    swap.add_argument("--out", metavar="DIR", help="default: a folder in deepfake/swaps beside the edit")
    swap.add_argument("--place", action="store_true", help="lay the result over the strip")

    place = commands.add_parser("place", parents=[strip, save, common], help="lay a finished swap over its strip")
    place.add_argument("swap", metavar="SWAP_DIR", help="folder of the finished swap")

    commands.add_parser("status", parents=[backend, common], help="show the backend and its jobs")
    commands.add_parser("check", parents=[backend, common], help="have the backend examine itself and this machine")
    job = commands.add_parser("job", parents=[backend, common], help="do something to a job of the backend that runs")
    job.add_argument("action", choices=("pause", "resume", "cancel", "retry", "remove"), help="what to do")
    job.add_argument("id", metavar="ID", help="the job, as status prints it")
    return top


def _at_least_one(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return value


def _positive(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError("must be more than 0")
    return value
