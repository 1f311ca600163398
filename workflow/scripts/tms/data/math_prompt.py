"""The prompt of mathematical problems, and answers in LaTeX boxes."""

import re

PROMPT = "{problem}\n\nPlease reason step by step, and put your final answer within \\boxed{{}}."
JOINED = re.compile(  # between two boxes of one list: `$x = \boxed{1}$ or $x = \boxed{2}$`
    r"[\s$]*(?:,|(?:,\s*)?\b(?:and|or)\b)[\s$]*(?:\w(?:\(\w\))?\s*=\s*)?"
)


def math_row(example_id: str, problem: str, answer: str, solution: str) -> dict:
    """The row of one problem."""
    return {
        "example_id": example_id,
        "prompt": PROMPT.format(problem=problem.strip()),
        "answer": answer,
        "problem": problem,
        "solution": solution,
    }


def listed_boxes(text: str) -> str | None:
    """Contents of the last box and of those that "and", "or" or a comma joins to it, with commas between."""
    found: list[str] = []
    while box := _box(text):
        content, end = box
        if found and not JOINED.fullmatch(text, end):
            break
        found.insert(0, content)
        text = text.rpartition("\\boxed")[0]
    return ", ".join(found) or None


def last_box(text: str) -> str | None:
    r"""Content of the last `\boxed{...}` or `\boxed 3`, None where there is none or it does not close."""
    box = _box(text)
    return box[0] if box else None


def _box(text: str) -> tuple[str, int] | None:
    """Content of the last box and where it ends."""
    _, box, rest = text.rpartition("\\boxed")
    if not box:
        return None
    rest = rest.lstrip()
    start = len(text) - len(rest)
    if not rest.startswith("{"):
        words = rest.split("$")[0].split()
        return (words[0], start + len(words[0])) if words else None
    depth = 0
    for index, character in enumerate(rest):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth == 0:
            return rest[1:index].strip(), start + index + 1
    return None
