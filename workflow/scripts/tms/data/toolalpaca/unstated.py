"""Arguments of golden calls that nobody asked for: `page: 1`, or a colour that the instruction leaves open.

The authors' judge is told that parameters which the instruction does not mention may differ
(`prompts/Evaluation.txt`). Here an argument is free where its function does not require it, and the
instruction lacks a word of its golden value. A code never is: an instruction says `f`, `JPY` or `true` in
other words.
"""

import json
import re

from tms.tool_use.same_call import FREE

CODE = re.compile("[a-z]|[A-Z]+|true|false")
WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
NUMBERS = {word: str(n) for n, word in enumerate("two three four five six seven eight nine ten".split(), 2)}


def marked(golden: list[dict], tools: list[dict], instruction: str) -> list[dict]:
    """Golden calls with the names of their free arguments under `FREE`, where they have some.

    Args:
        golden: calls, as `steps.golden` gives them.
        tools: of the row.
        instruction: as the model reads it.
    """
    required = {
        tool["function"]["name"]: tool["function"]["parameters"].get("required", []) for tool in tools
    }
    said = _words(instruction)
    made = []
    for call in golden:
        free = [
            name
            for name, value in (call["arguments"] or {}).items()
            if name not in required[call["name"]] and not all(_is_said(one, said) for one in _texts(value))
        ]
        made.append(call | ({FREE: free} if free else {}))
    return made


def has_free(answer: str) -> bool:
    """Whether golden calls, as a row has them, hold free arguments."""
    return any(FREE in call for call in json.loads(answer))


def _is_said(text: str, said: set[str]) -> bool:
    return bool(CODE.fullmatch(text)) or _words(text) <= said


def _texts(value: object) -> list[str]:
    """The texts of all that a value holds, without the names of its parts; 3.0 is 3."""
    if isinstance(value, dict | list):
        parts = value.values() if isinstance(value, dict) else value
        return [text for part in parts for text in _texts(part)]
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return [value if isinstance(value, str) else json.dumps(value)]


def _words(text: str) -> set[str]:
    """Words of a text, whatever their case, with numbers up to ten as digits and without a plural's s."""
    found = set()
    for word in WORD.findall(text.casefold()):
        word = NUMBERS.get(word, re.sub("['’](s|m|d|t|re|ve|ll)$", "", word))
        found.add(word.removesuffix("s") if len(word) > 3 else word)
    return found
