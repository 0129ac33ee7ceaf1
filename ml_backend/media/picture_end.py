"""Is a picture file whole? OpenCV reads many cut files without a word and leaves the rest grey."""

import zlib


def is_whole(data: bytes) -> bool:
    """False where PNG, JPEG or WebP `data` ends early or a PNG checksum is wrong; True for other formats."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _png_is_whole(data)
    if data.startswith(b"\xff\xd8"):
        return _jpeg_is_whole(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return len(data) >= 8 + int.from_bytes(data[4:8], "little")
    return True


def _png_is_whole(data: bytes) -> bool:
    view = memoryview(data)
    position = 8
    while position + 12 <= len(data):
        end = position + 8 + int.from_bytes(view[position : position + 4])
        if end + 4 > len(data) or zlib.crc32(view[position + 4 : end]) != int.from_bytes(view[end : end + 4]):
            return False
        if data[position + 4 : position + 8] == b"IEND":
            return True
        position = end + 4
    return False


def _jpeg_is_whole(data: bytes) -> bool:
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xFF:  # a fill byte before the marker
            position += 1
            continue
        position += 2 + int.from_bytes(data[position + 2 : position + 4])
        if marker == 0xDA:
            # An embedded thumbnail has its own end marker, so only one after the start of scan counts.
            return data.find(b"\xff\xd9", position) >= 0
    return False
