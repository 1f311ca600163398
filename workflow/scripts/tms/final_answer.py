"""Where a completion states its final answer."""

import re

LONGEST = 20_000  # characters of a completion that are looked at, counted from its end


def final_answer(completion: str) -> str | None:
    """Find the text behind the last "answer :" up to the end of that line, None where there is no marker."""
    found = re.findall(r"\banswer ?(?:is ?)?:([^\n]*)", completion[-LONGEST:], flags=re.IGNORECASE)
    return found[-1].strip() if found else None
