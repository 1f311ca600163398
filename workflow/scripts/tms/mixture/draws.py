"""Random draws as hashes of what they are for, so that no draw depends on another."""

import hashlib
import json


def uniforms(*key: str | int) -> tuple[float, float, float]:
    """Three independent uniform numbers in [0, 1) of 53 bits each, from a hash of the key."""
    digest = hashlib.sha256(json.dumps(key).encode()).digest()
    return tuple((int.from_bytes(digest[i : i + 8], "big") >> 11) / 2**53 for i in (0, 8, 16))
