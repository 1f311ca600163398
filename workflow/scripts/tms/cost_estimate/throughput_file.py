"""Writes measured speeds into the file of throughputs, which keeps its other entries and its comments."""

import re
from pathlib import Path

import yaml

from tms.cost_estimate import throughput
from tms.cost_estimate.throughput import SPEEDS
from tms.io.errors import InputError


def merged(
    known: dict[str, dict], name: str, like: str, measured: dict, peak_tflops: float, how: str
) -> dict:
    """The entry of a card: what was measured now, then what its entry held, then another card's figures.

    Args:
        known: the file's `devices`.
        name: entry to write.
        like: entry whose figures stand for what was never measured on this card.
        measured: some of `SPEEDS`, as the file holds them; of `start` some of its keys.
        peak_tflops: of the card.
        how: when and how they were measured.
    """
    before = known.get(name) or known[like]
    marks = (before.get("measured") or {}) if name in known else {}
    entry = {key: measured.get(key, before[key]) for key in SPEEDS}
    entry["start"] = before["start"] | measured.get("start", {})
    marks = {key: value for key, value in marks.items() if key in SPEEDS} | dict.fromkeys(measured, how)
    return {"peak_tflops": peak_tflops, **entry, "measured": marks}


def with_device(text: str, name: str, entry: dict) -> str:
    """The file's text with an entry of `devices` put in or replaced, and made the `device` of the estimate.

    Raises:
        InputError: the text has no line `device:` or `devices:` at its start.
    """
    lines = yaml.safe_dump({name: entry}, sort_keys=False, width=1000).splitlines(keepends=True)
    block = "".join(f"  {line}" for line in lines)
    old = re.compile(rf"^  {re.escape(name)}:.*\n(?:    .*\n|[ ]*\n(?=    ))*", re.M)
    text = old.sub("", text, count=1)
    for pattern, new in ((r"^devices:.*\n", rf"\g<0>{block}"), (r"^device:.*$", f"device: {name}")):
        text, found = re.subn(pattern, new, text, count=1, flags=re.M)
        if not found:
            raise InputError(f"throughput file: no line {pattern[1:].partition(':')[0]}: to write to")
    return text


def write(path: Path, name: str, like: str, measured: dict, peak_tflops: float, how: str) -> None:
    """Write what was measured on a card into the file; see `merged`.

    Raises:
        InputError: the file cannot be read, before or after.
    """
    throughput.read(path, like)
    text = path.read_text()
    entry = merged(yaml.safe_load(text)["devices"], name, like, measured, peak_tflops, how)
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.write_text(with_device(text, name, entry))
    throughput.read(unfinished)
    unfinished.replace(path)
