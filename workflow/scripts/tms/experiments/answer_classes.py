r"""Classes of equal answers: a canonical text for each answer that a grader has found.

Votes and entropies need classes, and math-verify compares pairs only, in a relation that is not transitive.
So an answer's class is its own canonical form, whatever it is compared with: a plain number's exact value,
else what math-verify parses, simplified by sympy. Equal classes mean equal answers; the reverse may fail (the
grader takes `50%` and `0.5` for equal, these classes do not), and grades may differ within a class, which
`tms.experiments.diversity` counts.
"""

import ast
import multiprocessing
import re
import signal
import sys
import threading
from functools import partial
from hashlib import blake2b

from tms.answers.math import BASE, TIME, harmless
from tms.answers.math_text import normal_form, number, tidy, without_name
from tms.graders.countdown import evaluate
from tms.grading.process import limit_memory
from tms.io.progress import Progress

NO_ANSWER = ""  # the class of completions in which the grader has found no answer
EXPRESSIONS = {"math", "number"}  # graders
RESPONSES = {"ifeval", "wildguard"}  # graders that judge whole responses and extract no answer
SECONDS = 3  # for parsing and simplifying one answer
LONGEST_WAIT = 30.0  # seconds after which a process that computes an answer's class is given up
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
        The class; `NO_ANSWER` where the completion has none. An answer that math-verify cannot parse, or not
        in `SECONDS` (in a process's main thread), is compared as text.
    """
    text = extracted.strip()
    if not text:
        return NO_ANSWER
    if grader in EXPRESSIONS:
        return _expression(text)
    if grader == "countdown":
        return ast.unparse(ast.parse(text, mode="eval")) if evaluate(text) else " ".join(text.split())
    if grader == "chain":
        return text.lstrip("0") or "0"
    return text


def canonical_all(grader: str, texts: set[str], processes: int) -> dict[str, str]:
    """The class of each text, in worker processes with a limit of time and memory.

    A text whose process is stuck or dies gets its normal form as text.

    Args:
        grader: name of the task's grader.
        texts: extracted answers.
        processes: number of workers, where the grader needs computer algebra.
    """
    ordered = sorted(texts)
    if grader not in EXPRESSIONS:
        return {text: canonical(grader, text) for text in ordered}
    classes: dict[str, str] = {}
    # Forking costs milliseconds where spawning imports everything anew; macOS cannot fork safely.
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    with Progress(len(ordered), "classes", "answers") as progress:
        while len(classes) < len(ordered):
            left = ordered[len(classes) :]
            with context.Pool(min(processes, len(left)), _begin) as pool:
                results = pool.imap(partial(canonical, grader), left)
                for text in left:
                    try:
                        # Work is handed out in this order: the awaited text has a process, or had one
                        # that died.
                        classes[text] = results.next(LONGEST_WAIT)
                    except multiprocessing.TimeoutError:
                        classes[text] = normal_form(text)
                        break  # the pool goes, with the process that is stuck
                    finally:
                        progress.advance()
    return classes


def _expression(text: str) -> str:
    value = number(text)
    if value is None:
        text = without_name(tidy(text))
        value = number(text)
    if value is not None:
        return str(value)
    form = normal_form(text)
    # What math-verify would misread: clock times, ratios, other bases, words as products of letters.
    misread = (
        TIME.match(form) or RATIO.search(form) or BASE.search(text) or WORD.search(ENVIRONMENT.sub("", text))
    )
    if not form or misread or not harmless(text):
        return form or text
    return _simplified(text) or form


def _simplified(text: str) -> str | None:
    """What math-verify parses, in sympy's words; None where it parses nothing or takes too long."""
    from math_verify import LatexExtractionConfig, parse
    from math_verify.errors import TimeoutException
    from math_verify.utils import timeout

    def simplified() -> str | None:
        config = [LatexExtractionConfig(boxed_match_priority=0)]
        parsed = parse(f"${text}$", config, parsing_timeout=None, raise_on_error=True)
        return _form(parsed[0]) if parsed and not isinstance(parsed[0], str) else None

    # Signals reach a process's main thread only, as in each process of the pool.
    seconds = SECONDS if threading.current_thread() is threading.main_thread() else None
    try:
        return timeout(timeout_seconds=seconds)(simplified)()
    except TimeoutException:
        return None
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


def _begin() -> None:
    """Let a worker be ended at any time, and fail with a MemoryError where sympy builds something huge."""
    # A handler of the parent would run between two steps of Python, and sympy swallow what it raises.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    limit_memory()
