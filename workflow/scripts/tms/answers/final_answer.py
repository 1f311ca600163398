"""The final answer that a completion states."""

import re

LONGEST = 20_000  # characters of a completion that are looked at, counted from its end
DECORATION = " \t*_`\"'$\\[#>"
MARKER = re.compile(r"\banswer ?(?:is ?)?:", flags=re.IGNORECASE)


def final_answer(completion: str) -> str | None:
    """Find the line behind the last "answer :", None where there is no marker.

    Where nothing but decoration stands on the marker's own line, it is a heading: the next line counts.
    """
    behind = MARKER.split(completion[-LONGEST:])
    if len(behind) == 1:
        return None
    lines = behind[-1].splitlines()
    return next((line.strip() for line in lines if line.strip(DECORATION)), "")
