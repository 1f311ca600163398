r"""The `\boxed{...}` of a text."""

import re

LONGEST_ANSWER = 500  # characters; a longer "answer" is none
FARTHEST = 100  # characters between the boxes of one list
MOST_BOXES = 100  # of a text, counted from its end
PLACEHOLDERS = {"", "...", r"\ldots", r"\dots", r"\cdots", "answer", r"\text{answer}", "your answer"}
BOX = re.compile(r"\\(?:boxed|fbox|framebox)(?![a-zA-Z])\s*")
BETWEEN_BOXES = re.compile(
    r"(?:[\s$,;]|\\q?quad|\\[()\[\],; ])*(?:\\?(?:and|or)|\\text\s*\{\s*(?:and|or)\s*\})?"
    r"(?:[\s$,;]|\\q?quad|\\[()\[\],; ])*(?:[a-zA-Z](?:_\{?\w\}?)?\s*=\s*)?"
)


def boxes(text: str) -> list[tuple[int, int, str]]:
    r"""Complete `\boxed{...}` (or `\fbox`) of a text, in order, as (start, end, content).

    An empty box, a placeholder and one that is never closed are left out; `\boxed 3` counts.
    """
    complete = []
    for box in list(BOX.finditer(text))[-MOST_BOXES:]:
        start = box.end()
        if text[start : start + 1] == "{":
            end = _closing(text, start)
            content = "" if end is None else text[start + 1 : end].strip()
        else:
            bare = re.compile(r"[^\s${}]{1,50}").match(text, start)
            end, content = (bare.end() - 1, bare.group().rstrip(".,;")) if bare else (start, "")
        if content.lower() not in PLACEHOLDERS:
            complete.append((box.start(), end + 1, content))
    return complete


def _closing(text: str, start: int) -> int | None:
    """Position of the brace that closes the one at `start`; escaped braces do not count."""
    depth, position = 0, start
    while position < min(len(text), start + 2 * LONGEST_ANSWER):
        character = text[position]
        if character == "\\":
            position += 1
        elif character == "{":
            depth += 1
        elif character == "}":
            depth -= 1
            if depth == 0:
                return position
        position += 1
    return None


def boxed(text: str, several: bool = False) -> str | None:
    """Content of the last box; with `several`, of all that form a list with it, joined by ", " or " or "."""
    complete = boxes(text)
    if not complete:
        return None
    contents = complete[-1][2]
    for (_, end, content), (start, _, _) in zip(complete[-2::-1], complete[:0:-1], strict=True):
        between = text[end:start]
        if not several or start - end > FARTHEST or not BETWEEN_BOXES.fullmatch(between):
            break
        contents = f"{content}{' or ' if re.search(r'(?<![a-z])or(?![a-z])', between) else ', '}{contents}"
    return contents
