"""`ml-backend sign|verify|credentials`."""

import argparse
import json
from pathlib import Path
from typing import Any

from ml_backend.terminal import TerminalReporter


def add_delivery_parsers(commands: Any) -> None:
    """Add `sign`, `verify` and `credentials` to `commands`; each sets `handler`."""
    sign = _parser(commands, "sign", "sign rendered films, pictures or folders of pictures that swaps are in")
    what = "a film, a picture or a folder of pictures; any number of them"
    sign.add_argument("paths", nargs="+", type=Path, metavar="PATH", help=what)
    swap = "a swap that is in it; for each of them"
    sign.add_argument("--swap", required=True, action="append", type=Path, metavar="DIR", help=swap)
    sign.add_argument("--plate", type=Path, metavar="SOURCE", help="the footage that was opened (that of the swaps)")
    sign.add_argument("--out", type=Path, metavar="FILE", help="write the signed film there, and leave this one")
    sign.set_defaults(handler=_sign)

    verify = _parser(commands, "verify", "say whether a swap, film or picture is as it was signed, and by whom")
    verify.add_argument("path", type=Path, metavar="PATH", help="a swap's folder, film, picture or folder of pictures")
    mark = "a swap that the watermark may name; any number of them"
    verify.add_argument("--swap", action="append", default=[], type=Path, metavar="DIR", help=mark)
    verify.add_argument("--consent", type=Path, metavar="DIR", help="consent records besides your own")
    verify.set_defaults(handler=_verify)

    credentials = _parser(commands, "credentials", "show whose certificate signs here, or believe another machine's")
    credentials.add_argument("action", choices=("show", "trust"))
    credentials.add_argument("file", nargs="?", type=Path, metavar="CHAIN.pem", help="of trust: its certificates")
    credentials.set_defaults(handler=_credentials)


def _parser(commands: Any, name: str, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object on the last line")
    return parser


def _sign(args: argparse.Namespace) -> int:
    from .sign import sign_deliveries, stranger

    with TerminalReporter() as reporter:
        told = sign_deliveries(args.paths, args.swap, args.plate, args.out, reporter)
    whose = " (self-issued)" if told["self_issued"] else ""
    if args.json:
        print(json.dumps(told))
        return 0
    for folder in told["strangers"]:
        print(stranger(folder))
    print(f"Signed by {told['signed_by']}{whose}: {', '.join(told['signed'])}")
    return 0


def _verify(args: argparse.Namespace) -> int:
    """0 where everything is as it was signed by somebody known, else 1."""
    from .consents_here import consents_here
    from .screen import people_of, screen
    from .verify import verify
    from .watermark_reading import read_watermark

    found = verify(args.path)
    consent = consents_here(people_of(found.credentials), args.consent)
    is_swap = (args.path / "manifest.json").is_file()
    mark = {} if is_swap or found.credentials.damaged else read_watermark(args.path, args.swap)
    if args.json:
        told = {**found.as_json(), "consent": consent, "watermark": mark or None}
        print(json.dumps(told, ensure_ascii=False, default=str))
    else:
        print("\n".join(screen(found, consent, mark)))
    return 0 if found.state == "valid" else 1


def _credentials(args: argparse.Namespace) -> int:
    from cryptography.hazmat.primitives.hashes import SHA256

    from ml_backend.errors import UsageError
    from ml_backend.provenance.credentials.signing import load_signing
    from ml_backend.provenance.credentials.trust import trust_chain

    if args.action == "trust":
        if args.file is None:
            raise UsageError("trust needs a file of certificates.", "Such as the chain.pem of another machine.")
        kept = trust_chain(args.file)
        print(json.dumps({"kept": str(kept)}) if args.json else f"What it signs is believed from now on: {kept}")
        return 0
    signing = load_signing()
    certificate = signing.certificate
    told = {
        "signer": signing.name(),
        "self_issued": signing.self_issued,
        "valid_until": f"{certificate.not_valid_after_utc:%Y-%m-%d}",
        "fingerprint": certificate.fingerprint(SHA256()).hex(),
        "algorithm": signing.algorithm.name,
        "time_stamp": signing.time_stamp,
        "chain": str(signing.file),
    }
    print(json.dumps(told) if args.json else "\n".join(f"{name:12} {value}" for name, value in told.items()))
    return 0
