"""How the c2pa library is used here: it never goes to the network, makes no thumbnails and looks at its own work."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import c2pa

from .signing import Signing


def open_context(anchors: bytes) -> "c2pa.Context":
    """anchors: PEM certificates of those who are believed."""
    settings = {
        "verify": {
            "verify_after_sign": True,
            "verify_trust": True,
            "remote_manifest_fetch": False,
            "ocsp_fetch": False,
        },
        "builder": {"thumbnail": {"enabled": False}},
        "core": {"allowed_network_hosts": []},
    }
    if anchors.strip():
        settings["trust"] = {"trust_anchors": anchors.decode()}
    return c2pa.Context(c2pa.Settings.from_dict(settings))


@contextmanager
def open_signer(signing: Signing) -> Iterator["c2pa.Signer"]:
    made = c2pa.Signer.from_callback(signing.sign, signing.algorithm, signing.chain.decode(), signing.time_stamp)
    with closing(made) as signer:
        yield signer
