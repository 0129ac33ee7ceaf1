"""`ml-backend deliver`."""

import argparse
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

from ml_backend.errors import UsageError
from ml_backend.terminal import TerminalReporter


def add_deliver_parser(subparsers: Any) -> None:
    """Add `deliver` to `subparsers` (of an argparse parser); it sets `handler`."""
    text = "encode a rendered film or sequence as a delivery or proxy: marked, and with its credentials"
    parser: argparse.ArgumentParser = subparsers.add_parser("deliver", help=text, description=text)
    parser.add_argument("source", type=Path, metavar="SOURCE", help="the rendered film, folder or pattern (####)")
    parser.add_argument(
        "--swap", action="append", default=[], type=Path, metavar="DIR", help="a swap that is in it; for each of them"
    )
    out = "FILE.mp4, FILE.mov, or a new folder for pictures"
    parser.add_argument("--out", required=True, type=Path, metavar="OUT", help=out)
    parser.add_argument("--codec", choices=("h264", "h265", "prores"), help="of a film (h264)")
    parser.add_argument("--crf", type=int, metavar="N", help="0 (best) to 51 (h264: 16, h265: 18)")
    parser.add_argument("--fps", metavar="RATE", help="of pictures that become a film, such as 24 or 24000/1001")
    parser.add_argument("--pictures", choices=("png", "jpg"), help="the kind of a folder's pictures (png)")
    parser.add_argument("--no-watermark", action="store_true", help="leave the mark out; the credentials stay")
    parser.add_argument("--consent", type=Path, metavar="DIR", help="consent records besides your own")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object on the last line")
    parser.set_defaults(handler=_deliver)


def _deliver(args: argparse.Namespace) -> int:
    from ml_backend.delivery.deliver import Delivery, run_deliver

    delivery = Delivery(
        source=args.source,
        swaps=args.swap,
        out=args.out,
        codec=args.codec,
        crf=args.crf,
        fps=_rate(args.fps),
        pictures=args.pictures,
        watermark=not args.no_watermark,
        consent=args.consent,
    )
    with TerminalReporter() as reporter:
        result = run_deliver(delivery, reporter)
    if args.json:
        print(json.dumps(result, default=str, ensure_ascii=False))
    else:
        print("\n".join(f"{key.replace('_', ' '):>22}  {value}" for key, value in result.items() if value != []))
    return 0


def _rate(text: str | None) -> Fraction | None:
    if text is None:
        return None
    try:
        rate = Fraction(text)
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if not 0 < rate <= 1000:
        raise UsageError(f"--fps {text} is no rate.", "Write it as 24, 23.976 or 24000/1001.")
    return rate
