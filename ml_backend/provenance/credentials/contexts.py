"""How the c2pa library is used here: it never goes to the network, makes no thumbnails and looks at its own work."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import c2pa

from .certificates import FITTING_USES
from .signing import Signing

_IN_MEMORY = 16  # megabytes of a film that the library holds; the rest goes through temporary files


def open_context(anchors: bytes, *, read_back: bool = True) -> "c2pa.Context":
    """anchors: PEM certificates of those who are believed. read_back: look at what was signed whether it is valid."""
    trust: dict[str, Any] = {"trust_config": "".join(f"{use.dotted_string}\n" for use in FITTING_USES)}
    if anchors.strip():
        trust["trust_anchors"] = anchors.decode()
    settings = {
        "verify": {
            "verify_after_sign": read_back,
            "verify_trust": True,
            "remote_manifest_fetch": False,
            "ocsp_fetch": False,
        },
        "builder": {"thumbnail": {"enabled": False}},
        "core": {"allowed_network_hosts": [], "backing_store_memory_threshold_in_mb": _IN_MEMORY},
        "trust": trust,
    }
    return c2pa.Context(c2pa.Settings.from_dict(settings))


@contextmanager
def open_signer(signing: Signing) -> Iterator["c2pa.Signer"]:
    """Only a time stamp authority, where the studio names one, is asked over the network."""
    made = c2pa.Signer.from_callback(signing.sign, signing.algorithm, signing.chain.decode(), signing.time_stamp)
    with closing(made) as signer:
        yield signer
