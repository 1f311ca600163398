"""Where a completion states its final answer."""

import re

LONGEST = 20_000  # characters of a completion that are looked at, counted from its end
MARKER = re.compile(r"\banswer ?(?:is ?)?:", flags=re.IGNORECASE)


def final_answer(completion: str) -> str | None:
    """Find the text behind the last "answer :" up to the end of that line, None where there is no marker."""
    behind = MARKER.split(completion[-LONGEST:])
    return behind[-1].partition("\n")[0].strip() if len(behind) > 1 else None
