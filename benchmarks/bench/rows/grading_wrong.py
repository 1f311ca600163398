r"""Wrong answers to MATH's problems: the grader `math` against math-verify alone.

Each row's answer is the gold of a row half the set away, in a `\boxed{}`. Both sides start a turn with empty
caches, as on answers that they have not seen.
"""

from measuring import Missing

WORK = "grade 200 wrong answers of MATH's test split"
PEER = "math-verify, `parse` and `verify`"
PACKAGES = ["math-verify", "sympy"]
FIRST = "speed 1.5"
REACH = {"speed": 3}
ROWS = 200


def wrong(inputs) -> list[tuple[str, str]]:
    """Completions with another row's gold answer, each with its own gold.

    Raises:
        Missing: no MATH.
    """
    from tms.data import hub
    from tms.io.errors import InputError
    from tms.tasks import math

    try:
        sources = math.SOURCES.values()
        items = [item for source in sources for item in hub.load(source, "test", inputs.data_root)]
    except InputError as error:
        raise Missing(f"{error} (--data-root)") from error
    golds = [math.row("", item)["answer"] for item in items]
    others = golds[len(golds) // 2 :] + golds
    pairs = [(other, gold) for gold, other in zip(golds, others, strict=False) if other != gold]
    return [(rf"So \boxed{{{other}}}.", gold) for other, gold in pairs[:: len(pairs) // ROWS][:ROWS]]


def product(inputs):
    """The grader."""
    from sympy.core.cache import clear_cache

    from tms.answers.math import _parsed
    from tms.graders import math

    rows = wrong(inputs)

    def work() -> list[bool]:
        clear_cache()
        _parsed.cache_clear()
        return [math.grade(completion, gold).score == 1 for completion, gold in rows]

    return work


def peer(inputs):
    """math-verify."""
    from math_verify import parse, verify
    from sympy.core.cache import clear_cache

    rows = wrong(inputs)

    def read(text: str) -> list:
        return parse(text, parsing_timeout=None)

    def work() -> list[bool]:
        clear_cache()
        return [
            verify(read(f"${gold}$"), read(completion), timeout_seconds=None) for completion, gold in rows
        ]

    return work


def check(ours: list[bool], theirs: list[bool]) -> None:
    """Nothing wrong is accepted; math-verify alone takes a few for right."""
    assert not any(ours) and len(ours) == len(theirs) == ROWS and sum(theirs) <= ROWS // 50
