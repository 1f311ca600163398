r"""Classes of equal answers: a canonical text for each answer that a grader has found.

Votes and entropies need classes, and math-verify compares pairs only, in a relation that is not transitive.
So an answer's class is its own canonical form, whatever it is compared with: a plain number's exact value,
else what math-verify parses, simplified by sympy. Equal classes mean equal answers; the reverse may fail (the
grader takes `50%` and `0.5` for equal, these classes do not), and grades may differ within a class, which
`tms.experiments.diversity` counts.
"""

import ast
import re
from functools import cache, partial
from hashlib import blake2b

from tms.answers.lists import solutions, split_values
from tms.answers.math import BASE, TIME, harmless, parsed_latex
from tms.answers.math_text import normal_form, number, tidy, without_name
from tms.graders import chain
from tms.graders.countdown import evaluate
from tms.grading.rows import RowPool
from tms.grading.worker import Failure, Limits
from tms.io.progress import Progress

NO_ANSWER = ""  # the class of completions in which the grader has found no answer
EXPRESSIONS = {"math", "number"}  # graders
# Graders that judge whole responses and extract no answer.
RESPONSES = {
    "ifeval",
    "wildguard",
    "judge",
    "exact",
    "normalised",
    "contains",
    "regex",
    "json",
    "f1",
    "rouge",
    "toolalpaca",
    "toolalpaca_judge",
}
DIGITS = 12  # of an irrational number
WORD = re.compile(r"(?<![\\a-zA-Z])(?!sqrt|sin|cos|tan|cot|sec|csc|log|and)[a-zA-Z]{3,}")
ENVIRONMENT = re.compile(r"\\(?:begin|end)\{[a-z]+\}")
RATIO = re.compile(r"\d\s*:\s*\d")


def has_answers(grader: str) -> bool:
    """Whether a grader extracts an answer, which a vote can count, from completions."""
    return grader not in RESPONSES


def response_class(completion: str) -> str:
    """The class of a whole response, where it is the answer: equal words, whatever is between them."""
    words = completion.split()
    return blake2b(" ".join(words).encode(), digest_size=16).hexdigest() if words else NO_ANSWER


def canonical(grader: str, extracted: str) -> str:
    r"""The class of an answer: equal texts stand for the same answer of one prompt.

    Mathematics: `1/2` for `0.5` and `\frac{1}{2}`; 12 digits of an irrational number; quotients of
    polynomials expanded, sets sorted, a leading `x =` dropped. Countdown: the expression's syntax tree, so
    that spaces and needless parentheses change nothing, while `1 + 2` and `2 + 1` are two answers. Chain: the
    integer. All other graders bring the extracted text into one spelling themselves.

    Args:
        grader: name of the task's grader, e.g. `math`.
        extracted: the answer that it has found in a completion; "" for none.

    Returns:
        The class; `NO_ANSWER` where the completion has none. An answer that math-verify cannot parse is
        compared as text.
    """
    text = extracted.strip()
    if not text:
        return NO_ANSWER
    if grader in EXPRESSIONS:
        return _expression(text)
    if grader == "countdown":
        return ast.unparse(ast.parse(text, mode="eval")) if evaluate(text) else " ".join(text.split())
    if grader == "chain":
        return chain.one_spelling(text)
    return text


def canonical_all(
    grader: str, texts: set[str], processes: int, lost_rows: str = "stop", limits: Limits | None = None
) -> dict[str, str]:
    """The class of each text, in a pool of processes with the limits of a grading pool.

    A text that uses up its own CPU seconds, or that the machine loses, gets its normal form as text; a line
    on the terminal counts them.

    Args:
        grader: name of the task's grader.
        texts: extracted answers.
        processes: number of workers, where the grader needs computer algebra.
        lost_rows, limits: as `RowPool` takes them.

    Raises:
        InputError: the machine has lost too many.
    """
    ordered = sorted(texts)
    if grader not in EXPRESSIONS:
        return {text: canonical(grader, text) for text in ordered}
    classes: dict[str, str] = {}
    name = f"classes of {grader} answers"
    pool = RowPool(partial(canonical, grader), processes, name, _warm, lost_rows, limits)
    with pool, Progress(len(ordered), "classes", "answers") as progress:
        for index, found in pool.run(ordered):
            if isinstance(found, Failure):
                found = normal_form(ordered[index])
            classes[ordered[index]] = found
            progress.advance()
    return classes


@cache
def _warm() -> None:
    """Load what classes of expressions need, so that no answer pays for it."""
    for text in (r"\frac{x^2-1}{x+2}", r"\sqrt{8}", "x<3", r"\begin{pmatrix}1\\2\end{pmatrix}", r"\{1,2\}"):
        _expression(text)


def _expression(text: str) -> str:
    value = number(text)
    if value is None:
        text = without_name(tidy(text))
        value = number(text)
    if value is not None:
        return str(value)
    systems = solutions(split_values(text))
    if any(len(solution) > 1 for solution in systems):
        named = (sorted((name, _expression(value)) for name, value in one.items()) for one in systems)
        return "; ".join(sorted(", ".join(map(" = ".join, one)) for one in named))
    form = normal_form(text)
    # What math-verify would misread: clock times, ratios, other bases, words as products of letters.
    misread = (
        TIME.match(form) or RATIO.search(form) or BASE.search(text) or WORD.search(ENVIRONMENT.sub("", text))
    )
    if not form or misread or not harmless(text):
        return form or text
    return _simplified(text) or form


def _simplified(text: str) -> str | None:
    """math-verify's reading, in sympy's words; None where it reads nothing."""
    try:
        parsed = parsed_latex(text)
        return _form(parsed[0]) if parsed and not isinstance(parsed[0], str) else None
    except MemoryError:  # the row's own limit
        raise
    except Exception:  # sympy raises anything
        return None


def _form(value) -> str:
    """One text for equal values: numbers, quotients of polynomials, and what is made of them."""
    from sympy import Expr, FiniteSet, Intersection, MatrixBase, Union, cancel, simplify
    from sympy.core.relational import Relational

    if isinstance(value, MatrixBase):
        return f"Matrix{value.shape}({', '.join(map(_form, value))})"
    if isinstance(value, Expr):
        if value.free_symbols:
            return str(cancel(value.doit()))
        exact = simplify(value)
        return str(exact) if exact.is_Rational else str(exact.evalf(DIGITS, chop=True))
    if isinstance(value, Relational):
        value = value.canonical
    parts = list(map(_form, value.args))
    if isinstance(value, FiniteSet | Union | Intersection):
        parts.sort()
        if len(parts) == 1:
            return parts[0]
    return f"{type(value).__name__}({', '.join(parts)})"
