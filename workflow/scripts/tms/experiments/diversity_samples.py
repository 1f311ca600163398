"""From graded samples on disk to the diversity of each prompt."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from tms.answers.grade import LOST
from tms.experiments.answer_classes import has_answers, response_class
from tms.experiments.diversity import measure
from tms.experiments.solutions import WORKED_OUT, solution_class
from tms.io import parquet
from tms.io.errors import InputError

COLUMNS = ["benchmark", "example_id", "sample", "extracted", "grade"]


@dataclass(frozen=True)
class Samples:
    """Graded samples of one model on one task, by prompt, each prompt's in the order of their index.

    Args:
        answers: the answers that the grader has extracted, or the classes of whole responses.
        grades: the stored grades; None where a row does not count.
        solutions: the classes of solutions, where they are counted.
    """

    answers: dict[str, list[str]] = field(default_factory=dict)
    grades: dict[str, list[float | None]] = field(default_factory=dict)
    solutions: dict[str, list[str]] = field(default_factory=dict)

    @property
    def binary(self) -> bool:
        """Whether each grade is right or wrong, which Pass@K is about."""
        return all(grade in (0, 1) for grades in self.grades.values() for grade in grades)

    def without(self, prompts: set[str]) -> "Samples":
        """The samples of all other prompts."""
        return Samples(
            *(
                {prompt: found for prompt, found in of_prompt.items() if prompt not in prompts}
                for of_prompt in (self.answers, self.grades, self.solutions)
            )
        )


def lost_prompts(path: Path, task: str) -> set[str]:
    """Prompts of a task of which the machine has lost a row; no model's samples of them count."""
    rows = parquet.read(path, ["benchmark", "example_id", "reason"])
    return {row["example_id"] for row in rows if row["benchmark"] == task and row["reason"] in LOST}


def read_samples(path: Path) -> dict[str, Samples]:
    """Read the grades of all samples, by benchmark.

    Raises:
        InputError: the file is broken, or a prompt's samples are not numbered from 0 without a gap.
    """
    by_benchmark: dict[str, Samples] = {}
    for row in sorted(parquet.read(path, COLUMNS), key=lambda row: row["sample"]):
        samples = by_benchmark.setdefault(row["benchmark"], Samples())
        prompt = row["example_id"]
        if row["sample"] != len(samples.answers.setdefault(prompt, [])):
            raise InputError(
                f"{path}: {row['benchmark']} {prompt} has sample {row['sample']} where sample "
                f"{len(samples.answers[prompt])} should be; delete the file and run again"
            )
        samples.answers[prompt].append(row["extracted"])
        samples.grades.setdefault(prompt, []).append(row["grade"])
    return by_benchmark


def with_solutions(samples: Samples, path: Path, task: str, grader: str) -> Samples:
    """The same samples with the class of each one's solution, where the task's grader has some.

    A solution is the working (`tms.experiments.solutions`); where whole responses are judged, the response,
    which is the answer too.

    Args:
        samples: the samples of a model on a task.
        path: the completions that were graded.
        task: the task.
        grader: name of its grader.

    Raises:
        InputError: the file has no completion of a sample.
    """
    whole = not has_answers(grader)
    if not (whole or grader in WORKED_OUT):
        return samples
    classed = response_class if whole else solution_class
    completions = {
        (row["example_id"], row["sample"]): classed(row["completion"])
        for row in parquet.read(path, ["benchmark", "example_id", "sample", "completion"])
        if row["benchmark"] == task
    }
    try:
        solutions = {
            prompt: [completions[prompt, index] for index in range(len(own))]
            for prompt, own in samples.answers.items()
        }
    except KeyError as missing:
        raise InputError(f"{path}: no completion of {task} {missing}; grade the samples again") from missing
    return replace(samples, answers=solutions if whole else samples.answers, solutions=solutions)


def read_greedy(path: Path, task: str, prompts: list[str]) -> np.ndarray:
    """Read the grades on the greedy completions of some prompts of a task, in their order.

    Raises:
        InputError: a prompt has no grade.
    """
    grades = {
        row["example_id"]: row["grade"] for row in parquet.read(path, COLUMNS) if row["benchmark"] == task
    }
    if without := [prompt for prompt in prompts if grades.get(prompt) is None]:
        raise InputError(
            f"{path}: no grade on {task} {without[0]}, which was sampled; "
            f"diagnose.diversity.prompts may not exceed tasks.{task}.limit"
        )
    return np.array([grades[prompt] for prompt in prompts])


def by_prompt(name: str, samples: Samples, classes: dict[str, str], k: int) -> dict[str, np.ndarray]:
    """Each quantity of `diversity.measure`, one number a prompt, in the order of `sorted(samples.answers)`.

    Args:
        name: of the samples, for errors.
        samples: the samples of one model on one task; their grades are 0 or 1.
        classes: class of each answer.
        k: K.

    Raises:
        InputError: fewer than K samples of a prompt, or a broken invariant.
    """
    prompts = [
        measure(
            f"{name} {prompt}",
            [classes[answer] for answer in samples.answers[prompt]],
            [grade == 1 for grade in samples.grades[prompt]],
            k,
            samples.solutions.get(prompt, ()),
        )
        for prompt in sorted(samples.answers)
    ]
    return {quantity: np.array([prompt[quantity] for prompt in prompts]) for quantity in prompts[0]}
