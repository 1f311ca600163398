"""The checksum that a file has in it or beside it, and the words for one that does not agree."""

import zlib

CHANGED = "its checksum does not agree: it was changed"


def checksum(data: bytes) -> str:
    """CRC-32 of bytes, as 8 hexadecimal digits."""
    return f"{zlib.crc32(data):08x}"
