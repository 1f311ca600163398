"""Fuzz every grader with hostile completions, through the processes that grade in a run.

A seed makes the completions (`hostile_completions.py`), none of which holds the row's answer. Counts what
each grader makes of them, with the CPU seconds and the memory of each row, and prints a table. A row that
reaches its limit of either is ended and counted (`limit`); of graders that hand text to a computer algebra
system or to an expression of the configuration's, that is what the limit is for. Exit code 1 where a
completion scores 1, reaches a limit of another grader, breaks its grader (`error`) or is lost.

Usage, from the repository's root: python benchmarks/hostile_text.py [--completions 10000] [--graders ...]
"""

import argparse
import json
import random
import resource
import sys
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

from hostile_completions import completion

from tms.answers.ifeval_checker import has_punkt
from tms.data.ifeval_constraints import NEEDS_PUNKT
from tms.grading.pool import Task, grade_row, warm
from tms.grading.rows import RowPool
from tms.grading.worker import Failure, Limits
from tms.io import modules

MOST_SECONDS, MOST_BYTES = 5.0, 1 << 30  # of CPU time and memory, for one completion
MAY_REACH = ("math", "number", "regex")
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
    "rouge": ["zyzzyva 7919", "qwyjibo zyzzyva " * 200],
    "f1": ["zyzzyva 7919", "qwyjibo zyzzyva " * 200],
    "anls": [json.dumps(["zyzzyva 7919", "qwyjibo"])],
    "vqa": [json.dumps(["zyzzyva 7919"] * 10)],
    "toolalpaca": [json.dumps([{"name": "zyzzyva", "arguments": {"a": 7919}}])],
}


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
                result.seconds > MOST_SECONDS or result.grown > MOST_BYTES
                if not reason
                else reason != "limit" or grader not in MAY_REACH
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
    add("--graders", nargs="*", default=[name for name in modules.names("graders") if name != "none"])
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
