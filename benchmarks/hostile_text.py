"""Fuzz every grader with hostile completions, through the processes that grade in a run.

A seed makes completions of towers of exponents, deep nesting, up to a million characters, null bytes, unmatched
braces, marks that turn the direction of text, lone surrogates, bombs for regular expressions, tokens of chat
templates, HTML, numbers of a million digits, and mixtures. None holds the row's answer. Counts what each grader
makes of them, with the CPU seconds and the memory of each row, and prints a table. A row that reaches its limit of
either is ended and counted (`limit`). Exit code 1 where a completion scores 1, takes more than the limits, breaks its
grader (`error`) or is lost.

Usage, from the repository's root: python benchmarks/hostile_text.py [--completions 10000] [--seed 0] [--graders ...]
"""

# ruff: noqa: E501 (lists of signs)

import argparse
import json
import random
import resource
import sys
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

from tms.answers.ifeval_checker import has_punkt
from tms.config.check import modules
from tms.data.ifeval_constraints import NEEDS_PUNKT
from tms.grading.pool import Task, grade_row, warm
from tms.grading.rows import RowPool
from tms.grading.worker import Failure, Limits

MOST_SECONDS, MOST_BYTES = 5.0, 1 << 30  # of CPU time and memory, for one completion
CHOICE = {
    "label": "K",
    "labels": list("JKQV"),
    "texts": ["Paris", "Rome", "seventeen", "a long option " * 20],
}
INSTRUCTIONS = [
    ("keywords:existence", {"keywords": ["zyzzyva"]}),
    ("keywords:frequency", {"keyword": "zyzzyva", "frequency": 3, "relation": "at least"}),
    ("keywords:letter_frequency", {"letter": "#", "let_frequency": 10**7, "let_relation": "at least"}),
    ("language:response_language", {"language": "kn"}),
    ("length_constraints:number_words", {"num_words": 10**7, "relation": "at least"}),
    ("length_constraints:number_paragraphs", {"num_paragraphs": 12345}),
    ("detectable_content:number_placeholders", {"num_placeholders": 10**6}),
    ("detectable_content:postscript", {"postscript_marker": "P.Z.Y."}),
    ("detectable_format:number_bullet_lists", {"num_bullets": 98765}),
    ("detectable_format:number_highlighted_sections", {"num_highlights": 10**6}),
    ("detectable_format:multiple_sections", {"section_spliter": "Zyzzyva", "num_sections": 9}),
    ("detectable_format:json_format", {}),
    ("detectable_format:title", {}),
    ("combination:two_responses", {}),
    ("startend:quotation", {}),
    ("startend:end_checker", {"end_phrase": "zyzzyva the end"}),
    ("change_case:english_capital", {}),
    ("change_case:english_lowercase", {}),
]
INSTRUCTIONS = [pair for pair in INSTRUCTIONS if pair[0] not in NEEDS_PUNKT or has_punkt()]
GOLDS = {  # grader -> gold answers that no completion holds
    "choice": [json.dumps(CHOICE)],
    "countdown": [json.dumps({"numbers": [991, 877, 13], "target": 7919})],
    "ifeval": [
        json.dumps({"instruction_id_list": [name], "kwargs": [kwargs]})
        for name, kwargs in INSTRUCTIONS
        if not name.startswith(
            ("detectable_format:json", "detectable_format:title", "combination", "change", "startend:q")
        )
    ],
    "json": [json.dumps({"zyzzyva": [1, 2.5, None, {"a": "b"}]})],
    "math": [r"\frac{7919}{877}", r"(x+7919)^2", r"\{7919, 877\}", r"x<-7919"],
    "number": ["7919", "-877.125"],
    "chain": ["7919"],
    "regex": ["zyzzyva$", r"^\d+zyzzyva", r"(?i)zyzzyva|qwyjibo"],
    "wildguard": [json.dumps({"harmful": True, "adversarial": True})],
    "refusal": ["zyzzyva"],
}
SIGNS = [
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "\\",
    "$",
    "^",
    "_",
    "\0",
    "\u202e",
    "\u2066",
    "\u200f",
    "\ud800",
    "\udfff",
    "\ufeff",
]
SIGNS += [
    "\n",
    "\t",
    " ",
    "*",
    "`",
    "~",
    '"',
    "'",
    "<",
    ">",
    "|",
    "/",
    ",",
    ".",
    ":",
    "：",
    "是",
    "选",
    "答案】",
    "答",
    "ﷺ",
    "½",
    "²",
]
SIGNS += [
    "a",
    "9",
    "0",
    "!",
    "%",
    "#",
    "-",
    "+",
    "=",
    "e",
    "i",
    "\u0301",
    "\U0001f600",
    "or ",
    "and ",
    "not ",
    "but ",
    "is ",
]
PIECES = [
    r"\boxed{",
    r"\frac{",
    r"\sqrt{",
    r"\left(",
    r"\begin{pmatrix}",
    r"\text{",
    r"\{",
    r"\binom{",
    r"\overline{",
    r"\cup ",
]
PIECES += [
    "answer: ",
    "The answer is ",
    "<answer>",
    "</answer>",
    "<think>",
    "</think>",
    "#### ",
    "```json\n",
    "```\n",
    "Option ",
    "答案是",
]
PIECES += [
    "<|im_start|>",
    "<|im_end|>\n",
    "<|eot_id|>",
    "[INST]",
    "</s>",
    "<start_of_turn>user\n",
    "<｜end▁of▁sentence｜>",
    "{{",
    "{%",
]
PIECES += [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</script>",
    "<svg onload=alert(1)>",
    "javascript:alert(1)",
    "<!--",
]
PIECES += [
    "aaaaaaaa!",
    "a@a.a",
    "<<",
    ">>",
    "* ",
    "*a*",
    "[a]",
    "P.S",
    "...",
    " - ",
    "\\\\",
    "{,}",
    "1,000",
    "2/3",
    "10^",
    "9^{9",
    "x^",
    "!!",
]
PIECES += [
    '{"a":',
    "[[",
    '"\\u0000',
    "null",
    "1e999",
    "NaN",
    "A. ",
    "(B) ",
    "A or ",
    "= ",
    "\\le ",
    "I pick ",
    "so ",
    "1 2/3 ",
    "5 ft ",
]
BRACKETS = [
    ("{", "}"),
    ("[", "]"),
    ("(", ")"),
    (r"\frac{1}{", "}"),
    (r"\sqrt{", "}"),
    ('{"a":', "}"),
    ("[[", "]]"),
    ("<b>", "</b>"),
]
BRACKETS += [
    ("9^{", "}"),
    (r"\boxed{", "}"),
    ("x^{2", "}"),
    ("<think>", "</think>"),
    ("((1+", ")"),
    (r"\text{", "}"),
    ("(1/", ")"),
]
LONGEST = (50, 500, 5_000, 30_000, 100_000, 1_000_000)
OFTEN = (30, 30, 20, 12, 6, 2)


def completion(rng: random.Random) -> str:
    """A hostile text; equal states of the generator give equal texts."""
    length = rng.choices(LONGEST, OFTEN)[0]
    text = rng.choice(KINDS)(rng, length)[:length]
    if rng.random() < 0.3:  # a marker makes graders read it
        text = rng.choice(["answer: ", "The answer is ", r"\boxed{", "#### ", "<answer>"]) + text
    if rng.random() < 0.1:
        text += rng.choice(["}", "\n", "</answer>", "$", "\0", "."])
    return text[:1_000_000]


def _repeated(rng: random.Random, length: int) -> str:
    piece = "".join(rng.choices(SIGNS + PIECES, k=rng.randint(1, 3)))
    return piece * (length // len(piece) + 1)


def _nested(rng: random.Random, length: int) -> str:
    begin, end = rng.choice(BRACKETS)
    deep = max(1, length // (len(begin) + len(end)))
    closed = deep if rng.random() < 0.5 else rng.randint(0, deep)
    return begin * deep + "1" + end * closed


def _tower(rng: random.Random, length: int) -> str:
    base, sign = rng.choice("9x1e"), rng.choice(["^", "**", "^{", "!", "^-", "^x^", "*10^", r" \times 10^{"])
    return base + (sign + rng.choice("9912")) * min(length // 2, rng.choice([3, 5, 20, 200, 10_000, 500_000]))


def _digits(rng: random.Random, length: int) -> str:
    digit = rng.choice(["9", "1", "0", "10", "٣", "９", "9,", "1.", "-9 ", "9 9/", "1e9", "999 999 ", "0.0"])
    return rng.choice(["", "-", r"\boxed{", "$", "1/", "0."]) + digit * length


def _mixed(rng: random.Random, length: int) -> str:
    parts = rng.choices(SIGNS + PIECES, k=min(length // 2 + 1, 2_000))
    return "".join(parts) * (length // 10_000 + 1)


def _unicode(rng: random.Random, length: int) -> str:
    ranges = [
        (0, 0x250),
        (0x590, 0x700),
        (0x2000, 0x2070),
        (0xD800, 0xDFFF),
        (0x4E00, 0x4E50),
        (0x1F600, 0x1F640),
        (0xFDD0, 0xFE10),
    ]
    first, last = rng.choice(ranges)
    block = "".join(chr(rng.randint(first, last)) for _ in range(min(length, 500)))
    return block * (length // 500 + 1)


def _algebra(rng: random.Random, length: int) -> str:
    """Short formulas, of the kinds that make a computer algebra system work."""
    n = rng.choice([3, 50, 500, 9999, 10**6, 10**9])
    return rng.choice(
        [
            rf"\sum_{{k=1}}^{{{n}}} k^k", rf"(a+b+c+d)^{{{n}}}", r"\int_0^1 x^{x^{x^x}} dx", rf"\binom{{{n}}}{{{n // 2}}}",
            rf"\prod_{{k=1}}^{{{n}}} (x-k)", rf"\sqrt[{n}]{{{n}!}}", rf"\lim_{{x \to 0}} \frac{{\sin {n}x}}{{x^{{{n}}}}}",
            "+".join(f"x^{{{i}}}" for i in range(min(n, 90))), "\\sin(" * 15 + "x" + ")" * 15, rf"\{{1, \ldots, {n}\}}",
            rf"x^{{{n}}}-1=0", rf"[1,{n}] \cup " * 30 + "(0,1)", r"\begin{pmatrix}" + r"1&2\\" * 50 + r"\end{pmatrix}",
            ",".join(map(str, range(120))), rf"\frac{{1}}{{{n}}}+" * 40 + "1", rf"{n}!!", rf"\log_{{{n}}} {n}^{{{n}}}", "|" * 60 + "x",
        ]
    )  # fmt: skip


KINDS = [_repeated, _repeated, _nested, _tower, _digits, _mixed, _mixed, _unicode, _algebra]


class Measured(NamedTuple):
    """A row's score with what it took: CPU seconds, and bytes by which the process's peak has grown."""

    score: float | None
    failure: str
    seconds: float
    grown: int


def measured(task: Task) -> Measured:
    """Grade a row as a run does, and measure it."""
    before, peak = time.process_time(), _peak()
    grade = grade_row(task)
    return Measured(grade.score, grade.failure, time.process_time() - before, _peak() - peak)


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def golds(grader: str) -> list[str]:
    """Gold answers of a grader that no hostile completion holds."""
    return GOLDS.get(grader, ["zyzzyva 7919"])


def tasks(grader: str, count: int, seed: int) -> list[Task]:
    """Hostile completions of a grader, each with a gold answer that it does not hold."""
    rng = random.Random(f"{seed}/{grader}")
    made = golds(grader)
    return [Task(grader, completion(rng), made[index % len(made)]) for index in range(count)]


def fuzz(
    grader: str, count: int, seed: int, processes: int, limits: Limits | None = None
) -> tuple[str, list[Task]]:
    """A line of the table, and the completions that break what was promised."""
    rows, outcomes, broken = tasks(grader, count, seed), Counter(), []
    seconds, grown = 0.0, 0
    with RowPool(measured, processes, grader, lambda: warm([grader]), "warn", limits) as pool:
        for index, result in pool.run(rows):
            reason = result.reason if isinstance(result, Failure) else ""
            if not reason:
                seconds, grown = max(seconds, result.seconds), max(grown, result.grown)
            over = (
                reason not in ("", "limit")
                if reason
                else result.seconds > MOST_SECONDS or result.grown > MOST_BYTES
            )
            outcome = reason or ("no score" if result.score is None else "1" if result.score == 1 else "0")
            outcome = "part" if not reason and result.score and result.score < 1 else outcome
            outcomes[outcome] += 1
            if over or outcome == "1":
                broken.append(rows[index])
    names = ("0", "part", "no score", "1", "limit", "error", "timeout", "crash")
    counts = " | ".join(str(outcomes[name]) for name in names)
    return f"| {grader} | {counts} | {seconds:.2f} | {grown >> 20} |", broken


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--completions", type=int, default=10_000, help="of each grader")
    add("--seed", type=int, default=0, help="of the completions")
    add("--processes", type=int, default=2, help="worker processes")
    add("--graders", nargs="*", default=[name for name in modules("graders") if name != "none"])
    add("--show", type=int, default=3, help="completions to show, of those that break a promise")
    args = parser.parse_args()
    print("| grader | 0 | part | no score | 1 | limit | error | timeout | crash | most CPU s | most MiB |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
    failed = 0
    for grader in args.graders:
        line, broken = fuzz(grader, args.completions, args.seed, args.processes)
        print(line, flush=True)
        for task in broken[: args.show]:
            print(
                f"{grader}: {task.completion[:100]!a} of {len(task.completion)}, {task.answer[:60]}",
                file=sys.stderr,
            )
        failed += len(broken)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
