"""Keep the first verified answer to each prompt as its reference; count every reject with its reason."""

import argparse
import sys
from collections import Counter
from pathlib import Path

from tms.answers.grade import NONE, Grade
from tms.data.golds import check_golds
from tms.grading.answer_text import tasks_of_rows
from tms.grading.losses import add_grading
from tms.grading.pool import grade_all
from tms.io import cli, json_file, parquet, provenance
from tms.io.errors import InputError

FEW = 0.5  # share of given answers below which something is off


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--samples", type=Path, required=True, help="the teacher's completions, all splits")
    add("--grader", required=True, help="the task's grader; none takes every finished answer as it is")
    add("--given", action="store_true", help="the answers are the data's own: tell how many pass")
    add("--task", required=True, help="name of the task, for messages")
    add_grading(parser)
    add("--references", type=Path, required=True, help="output: verified answers, train split")
    add("--heldout-references", type=Path, required=True, help="output: those of the held-out")
    add("--rejects", type=Path, required=True, help="output: every other answer, with reason")
    add("--summary", type=Path, required=True, help="output: filter.json, the counts")
    return parser


def reason_to_reject(sample: dict, grade: Grade, verified: bool) -> str:
    """Reason against an answer, "" where it is a reference. Truncated answers are rejected even if right.

    Where nothing is verified, every finished answer that says something is a reference.
    """
    if sample["finish_reason"] != "stop":
        return "truncated"
    if not verified:
        return "" if sample["completion"].strip() else "no answer"
    if grade.failure:
        return f"grader {grade.failure}"
    if grade.score == 1:
        return ""
    if grade.score is None:
        return "not scored"
    return "wrong answer" if grade.extracted else "no answer"


def first_verified(
    samples: list[dict], grades: list[Grade], verified: bool = True
) -> tuple[list[dict], list[dict]]:
    """Split answers into references, one a prompt at most, and rejects (with `reason`).

    A verified answer that follows another of its prompt is rejected as "not needed"; one that failed keeps
    its own reason, so that the counts give the teacher's accuracy.
    """
    references: dict[tuple[str, str], dict] = {}
    rejects = []
    graded = sorted(zip(samples, grades, strict=True), key=lambda pair: pair[0]["sample"])
    for sample, grade in graded:
        prompt = (sample["split"], sample["example_id"])
        reason = reason_to_reject(sample, grade, verified)
        if not reason and prompt not in references:
            references[prompt] = sample
        else:
            rejects.append(sample | {"reason": reason or "not needed"})
    order = dict.fromkeys((sample["split"], sample["example_id"]) for sample in samples)
    return [references[prompt] for prompt in order if prompt in references], rejects


def summarise(split: str, samples: list[dict], references: list[dict], rejects: list[dict]) -> dict:
    """Counts of one split."""
    prompts = {row["example_id"] for row in samples if row["split"] == split}
    kept = sum(row["split"] == split for row in references)
    return {
        "prompts": len(prompts),
        "kept": kept,
        "dropped": len(prompts) - kept,
        "answers": sum(row["split"] == split for row in samples),
        "rejects": dict(sorted(Counter(row["reason"] for row in rejects if row["split"] == split).items())),
    }


def told(task: str, grader: str, splits: list[dict]) -> str:
    """A line on given answers: how many are references. That fewer than `FEW` are is a warning."""
    kept, answers = (sum(split[name] for split in splits) for name in ("kept", "answers"))
    if grader == NONE:
        return f"note: {task}: {kept} of {answers} given answers are taken as they are, unverified"
    line = f"{task}: {kept} of {answers} given answers pass the grader {grader}"
    if kept >= FEW * answers:
        return f"note: {line}"
    return f"warning: {line}: look at the rejects in data/{task}, and at the task's grader"


def main(args: argparse.Namespace) -> None:
    samples = parquet.read(args.samples, parquet.COMPLETIONS)
    verified = args.grader != NONE
    grades = [Grade(None, "")] * len(samples)
    if verified:
        check_golds(samples, args.grader, f"tasks.{args.task}")
        tasks = tasks_of_rows(samples, lambda _: args.grader)
        grades = grade_all(tasks, args.processes, args.lost_rows)
    references, rejects = first_verified(samples, grades, verified)
    summary = {"task": args.task, "grader": args.grader}
    for split in ("train", "heldout"):
        summary[split] = counts = summarise(split, samples, references, rejects)
        print(f"{args.task} {split}: {counts}")
        if not counts["kept"]:
            broken = counts["rejects"].get("grader error", 0) == counts["answers"]
            remedy = (
                f"the grader fails on each of them (see above); correct tms/graders/{args.grader}.py"
                if broken
                else "they are the data's own answers: look why the grader rejects them, or take them as "
                "they are with teachers.given.verify: false"
                if args.given
                else "allow more tries, another teacher, or longer completions"
            )
            raise InputError(
                f"{args.samples}: no verified answer to any of {counts['prompts']} {split} prompts of "
                f"{args.task} ({counts['rejects']}); {remedy}"
            )
    if args.given:
        print(told(args.task, args.grader, [summary["train"], summary["heldout"]]), file=sys.stderr)
    facts = provenance.facts("filter_teacher", grader=args.grader, samples=parquet.provenance(args.samples))
    for split, output in (("train", args.references), ("heldout", args.heldout_references)):
        parquet.write(output, parquet.REFERENCES, [row for row in references if row["split"] == split], facts)
    parquet.write(args.rejects, parquet.REJECTS, rejects, facts)
    json_file.write(args.summary, summary)


if __name__ == "__main__":
    cli.run(main, parser())
