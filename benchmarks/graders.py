"""Check the graders on real data: every gold answer must be graded right, another one wrong.

Each gold answer is turned into completions of several forms, and a wrong one is made of another row's gold or
another label. The GPT-4 responses that came with IFEval are graded by our grader and by the official code.
Prints the tables of docs/results/graders.md.

Usage, from the repository's root: python benchmarks/graders.py --data-root DIR [--processes 2]
"""

import argparse
import gzip
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

from tms.answers import ifeval_checker
from tms.data import hub
from tms.grading.pool import Task, grade_all
from tms.tasks import arc, gsm8k, math, math500, mmlu, mmlu_subjects, safetybench

RIGHT_FORMS = {
    "math": [
        r"So \boxed{%s}.",
        "The answer is $%s$.",
        "Final Answer: The final answer is $%s$. I hope it is correct.",
        "Thus we get 3 and then $%s$",
        r"**Answer:** \(%s\)",
    ],
    "number": [r"\boxed{%s}", "The answer is %s.", "#### %s", "In 2 steps: so she has %s dollars.", "**%s**"],
    "choice": ["answer: %s", "The answer is (%s).", r"\boxed{%s}", "**Answer: %s**", "(%s)"],
    "qa": ["answer: %s", "I looked at both.\n\nAnswer: **%s**", "%s"],
}
BOX = r"\boxed{%s}"


@dataclass
class Rows:
    """A set's rows: (id, gold answer, completions that must be right, completions that must be wrong)."""

    name: str
    grader: str
    rows: list[tuple[str, str, list[str], list[str]]] = field(default_factory=list)


@dataclass
class Outcome:
    """What grading a set gave: ids with a right completion that was not accepted, and wrong ones accepted."""

    name: str
    rows: int
    right: int
    rejected: dict[str, list[str]]
    wrong: int
    accepted: dict[str, list[str]]
    seconds: float


def math_rows(name: str, grader: str, prepared: list[dict]) -> Rows:
    """Completions of problems with worked solutions; the wrong one is the gold of a row half the set away."""
    found = Rows(name, grader)
    for index, row in enumerate(prepared):
        gold = " ".join(row["answer"].split())
        other = " ".join(prepared[(index + len(prepared) // 2) % len(prepared)]["answer"].split())
        right = [row["solution"], *(form % gold for form in RIGHT_FORMS[grader])]
        if grader != "number":
            right.append(BOX % gold.replace(r"\frac", r"\dfrac").replace(r"\left", r"\bigl"))
        wrong = [BOX % other] if other != gold else []
        found.rows.append((row["example_id"], row["answer"], right, wrong))
    return found


def choice_rows(name: str, prepared: list[dict]) -> Rows:
    """Completions that state the label, alone and with its option; every other label is wrong."""
    found = Rows(name, "choice")
    for row in prepared:
        answer = json.loads(row["answer"])
        label, texts = answer["label"], answer["texts"]
        text = texts[answer["labels"].index(label)]
        right = [form % label for form in RIGHT_FORMS["choice"]]
        right += [f"answer: {label}. {text}", f"The answer is ({label}) {text}"]
        others = [other for other in answer["labels"] if other != label]
        wrong = [form % other for form in RIGHT_FORMS["choice"] for other in others]
        found.rows.append((row["example_id"], row["answer"], right, wrong))
    return found


def hotpotqa_rows(root: Path) -> Rows:
    """All questions of the development set; wrong is the answer of another row."""
    with gzip.open(root / "hotpotqa" / "dev_questions_only.jsonl.gz", "rt") as stream:
        golds = [json.loads(line)["answer"] for line in stream]
    found = Rows("HotpotQA dev", "qa")
    for index, gold in enumerate(golds):
        other = golds[(index + len(golds) // 2) % len(golds)]
        right = [form % gold for form in RIGHT_FORMS["qa"]]
        found.rows.append((f"hotpotqa-{index}", gold, right, [f"answer: {other}"] if other != gold else []))
    return found


def sets(root: Path) -> list[Callable[[], Rows]]:
    """A loader for each set."""

    def of_math(split: str) -> list[dict]:
        return [
            math.row(f"math-{source.splits[split]}-{subject}-{index}", item)
            for subject, source in math.SOURCES.items()
            for index, item in enumerate(hub.load(source, split, root))
        ]

    def of_gsm8k(split: str) -> list[dict]:
        items = hub.load(gsm8k.SOURCE, split, root)
        return [
            gsm8k.row(f"gsm8k-{split}-{index}", item) | {"solution": item["answer"]}
            for index, item in enumerate(items)
        ]

    def of_minerva() -> list[dict]:
        lines = (root / "minerva_math" / "test.jsonl").read_text().splitlines()
        return [math.row(f"minerva-{index}", json.loads(line)) for index, line in enumerate(lines)]

    def of_numeric_arc() -> list[dict]:
        lines = (root / "arc_challenge" / "numeric_labels" / "nysedregents.jsonl").read_text().splitlines()
        return [arc.row(index, json.loads(line)) for index, line in enumerate(lines)]

    def of_pro() -> list[dict]:
        return [mmlu.test_row(item) for item in hub.load(mmlu.TEST, "test", root)]

    english, chinese = {"language": "en"}, {"language": "zh", "subset": True}
    return [
        lambda: math_rows("GSM8K train", "number", of_gsm8k("train")),
        lambda: math_rows("GSM8K test", "number", of_gsm8k("test")),
        lambda: math_rows("MATH train", "math", of_math("train")),
        lambda: math_rows("MATH test", "math", of_math("test")),
        lambda: math_rows("MATH-500", "math", math500.build("test", 500, 0, {}, root)),
        lambda: math_rows("Minerva math", "math", of_minerva()),
        lambda: choice_rows("MMLU test", mmlu_subjects.build("test", 14_042, 0, {}, root)),
        lambda: choice_rows("MMLU-Pro test", of_pro()),
        lambda: choice_rows("ARC-Challenge test", arc.build("test", 1_172, 0, {}, root)),
        lambda: choice_rows("ARC-Challenge, digits as labels", of_numeric_arc()),
        lambda: choice_rows("SafetyBench en", safetybench.build("test", 1500, 0, english, root)),
        lambda: choice_rows("SafetyBench zh", safetybench.build("test", 2100, 0, chinese, root)),
        lambda: hotpotqa_rows(root),
    ]


def check(found: Rows, processes: int) -> Outcome:
    """Grade all completions of a set."""
    started = time.perf_counter()
    cases = [
        (name, answer, text, expected)
        for name, answer, right, wrong in found.rows
        for texts, expected in ((right, True), (wrong, False))
        for text in texts
    ]
    grades = grade_all([Task(found.grader, text, answer) for _, answer, text, _ in cases], processes)
    rejected: dict[str, list[str]] = {}
    accepted: dict[str, list[str]] = {}
    for (name, answer, text, expected), grade in zip(cases, grades, strict=True):
        exact = grade.also["em"][0] if "em" in grade.also else grade.score
        if expected and exact != 1:
            rejected.setdefault(name, []).append(text)
        if not expected and exact:
            accepted.setdefault(name, []).append(f"{text} for {answer}")
    right = sum(expected for *_, expected in cases)
    seconds = time.perf_counter() - started
    return Outcome(found.name, len(found.rows), right, rejected, len(cases) - right, accepted, seconds)


def ifeval_totals(root: Path) -> dict[str, float]:
    """Grade GPT-4's responses by our grader and, where nothing is random, by the official code itself."""
    from tms.graders import ifeval

    folder = root / "ifeval"
    prompts = [json.loads(line) for line in (folder / "ifeval_input_data.jsonl").read_text().splitlines()]
    path = folder / "responses" / "input_response_data_gpt4_20231107_145030.jsonl"
    pairs = [json.loads(line) for line in path.read_text().splitlines()]
    responses = {pair["prompt"]: pair["response"] for pair in pairs}
    known = {row["prompt"] for row in prompts}
    # One response belongs to an older wording of its prompt.
    older = next(text for prompt, text in responses.items() if prompt not in known)
    ifeval_checker.official()
    from lm_eval.tasks.ifeval import utils

    left_out = () if ifeval_checker.has_punkt() else ifeval_checker.NEEDS_PUNKT
    totals = dict.fromkeys(("prompts", "prompt_strict", "prompt_loose", "left_out", "differ"), 0.0)
    totals |= dict.fromkeys(("instructions", "instruction_strict", "instruction_loose"), 0.0)
    for row in prompts:
        pairs = list(zip(row["instruction_id_list"], row["kwargs"], strict=True))
        kept = [(name, kwargs) for name, kwargs in pairs if name not in left_out]
        totals["left_out"] += len(pairs) - len(kept)
        if not kept:
            continue
        names, kwargs = (list(values) for values in zip(*kept, strict=True))
        response = responses.get(row["prompt"], older)
        asked = {"key": row["key"], "prompt": row["prompt"], "instruction_id_list": names, "kwargs": kwargs}
        grade = ifeval.grade(response, json.dumps(asked))
        strict, loose = grade.also["instruction_strict"], grade.also["instruction_loose"]
        if row["key"] not in (1122, 1129):
            theirs = utils.InputExample(**asked)
            totals["differ"] += (
                utils.test_instruction_following_strict(theirs, response).follow_instruction_list != strict
                or utils.test_instruction_following_loose(theirs, response).follow_instruction_list != loose
            )
        totals["prompts"] += 1
        totals["instructions"] += len(kept)
        totals["prompt_strict"] += grade.score
        totals["prompt_loose"] += grade.also["prompt_loose"][0]
        totals["instruction_strict"] += sum(strict)
        totals["instruction_loose"] += sum(loose)
    return totals


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data-root", type=Path, required=True, help="folder of local benchmark copies")
    parser.add_argument("--processes", type=int, default=2, help="worker processes")
    args = parser.parse_args()
    print("| set | rows | right completions | rejected | wrong completions | accepted | s |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    outcomes = []
    for load in sets(args.data_root):
        outcome = check(load(), args.processes)
        outcomes.append(outcome)
        rejected, accepted = (sum(map(len, found.values())) for found in (outcome.rejected, outcome.accepted))
        print(
            f"| {outcome.name} | {outcome.rows:,} | {outcome.right:,} | {rejected:,} | {outcome.wrong:,} "
            f"| {accepted:,} | {outcome.seconds:.0f} |",
            flush=True,
        )
    for outcome in outcomes:
        for word, found in (("rejected", outcome.rejected), ("accepted", outcome.accepted)):
            for name, texts in found.items():
                print(f"- {outcome.name}, {word}: {name}: {'; '.join(repr(text[-120:]) for text in texts)}")
    print(f"\nIFEval, GPT-4: {ifeval_totals(args.data_root)}")


if __name__ == "__main__":
    main()
