"""Split of a row: a hash of its prompt, so that neither other rows nor the order of a file change it."""

import hashlib


def split_of(key: str, shares: dict[str, float]) -> str:
    """The split of a row: `test`, `heldout` or `train`; equal keys have the same.

    Args:
        key: the text that chooses it: the prompt; of a conversation see `conversations.turns`.
        shares: expected share of the rows that go to `test` and `heldout`.
    """
    place = int(digest(f"split/{key}")[:15], 16) / 16**15  # uniform in [0, 1)
    if place < shares.get("test", 0):
        return "test"
    # From the other end: another share of one split moves no row into or out of the other.
    return "heldout" if place >= 1 - shares.get("heldout", 0) else "train"


def example_id(prompt: str, context: str = "") -> str:
    """Name of a row: a digest of its prompt and the messages before it, whatever the other rows are."""
    return digest(f"{len(context)}/{context}{prompt}")[:20]


def digest(text: str) -> str:
    """SHA-256 of a text, hex."""
    return hashlib.sha256(text.encode()).hexdigest()
