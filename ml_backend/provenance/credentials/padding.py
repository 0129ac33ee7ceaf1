"""The reserve in a signature, which its own signature does not cover: it must be empty.

Source: the C2PA specification 2.2, section 13.2: the COSE headers `pad` and `pad2` are filled with zeros.
"""

import re

_PAD = re.compile(rb"(?:\x63pad|\x64pad2)[\x58\x59\x5a]")
_SIZES = {0x58: 1, 0x59: 2, 0x5A: 4}


def is_empty(credential: bytes) -> bool:
    """Is every reserve in a manifest store (CBOR byte strings under these names) filled with zeros?"""
    for found in _PAD.finditer(credential):
        size = _SIZES[credential[found.end() - 1]]
        length = int.from_bytes(credential[found.end() : found.end() + size], "big")
        start = found.end() + size
        if credential[start : start + length].strip(b"\0"):
            return False
    return True
