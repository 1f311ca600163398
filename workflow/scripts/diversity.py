"""Measure coverage and diversity of sampled answers (Table 2): Pass@K, majority vote, answer entropy."""

import argparse
from pathlib import Path

import numpy as np

from tms.config.suite import tasks_of
from tms.experiments import cells
from tms.experiments.answer_classes import canonical_all, has_answers
from tms.experiments.diversity_cells import BASE, CHOSEN, WHOLE, target_cells, unmeasured_cells
from tms.experiments.diversity_samples import (
    Samples,
    by_prompt,
    lost_prompts,
    read_greedy,
    read_samples,
    with_solutions,
)
from tms.grading.losses import add_grading
from tms.io import cli, parquet, provenance
from tms.io.errors import InputError
from tms.metrics.flags import parse_run


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="name of the model")
    parser.add_argument("--k", type=int, required=True, help="K of Pass@K and of the vote")
    parser.add_argument(
        "--graders", nargs="+", required=True, metavar="TASK=GRADER", help="target tasks, with their graders"
    )
    parser.add_argument(
        "--samples",
        nargs="+",
        required=True,
        metavar="LABEL=PATH",
        help="grades on samples of the base (label `base`, all tasks) and of each run (METHOD/TASK/seedN)",
    )
    parser.add_argument(
        "--greedy", nargs="+", required=True, metavar="LABEL=PATH", help="grades on greedy completions"
    )
    parser.add_argument(
        "--generations", nargs="+", required=True, metavar="LABEL=PATH", help="the sampled completions"
    )
    add_grading(parser)
    parser.add_argument("--output", type=Path, required=True, help="output: the cells (Parquet)")
    return parser


def of_task(labels: list[str], task: str) -> dict[str, str]:
    """Method of each label that is about a task: the base, and the runs on it.

    Raises:
        InputError: a label of another form.
    """
    methods = {}
    for label in labels:
        method, _, run = label.partition("/")
        if label == BASE or task in tasks_of(parse_run(run)[0]):
            methods[label] = method
    return methods


def same_prompts(models: dict[str, Samples], task: str) -> list[str]:
    """The prompts of a task, sorted, which all models must share; so must the number of samples.

    Raises:
        InputError: they differ, or the base has none.
    """
    sizes = {
        label: {prompt: len(answers) for prompt, answers in samples.answers.items()}
        for label, samples in models.items()
    }
    first = next(iter(sizes))
    for label, numbers in sizes.items():
        if not numbers or numbers != sizes[first]:
            raise InputError(
                f"--samples {label}: other prompts or numbers of samples of {task} than {first} has; "
                f"generate and grade the samples of both again"
            )
    return sorted(sizes[first])


def task_cells(args: argparse.Namespace, task: str, grader: str, samples: dict[str, dict]) -> list[dict]:
    """Cells of one target task, from the samples of every label."""
    methods = of_task(list(samples), task)
    models = {label: samples[label].get(task, Samples()) for label in methods}
    prompts = same_prompts(models, task)
    files = [cli.parse_pairs(pairs)[label] for pairs in (args.samples, args.greedy) for label in methods]
    if lost := set().union(*(lost_prompts(Path(path), task) for path in files)):
        models = {label: model.without(lost) for label, model in models.items()}
        prompts = [prompt for prompt in prompts if prompt not in lost]
    names = list(dict.fromkeys(methods.values()))
    if not prompts:
        reason = "of every prompt a row was lost"
        return unmeasured_cells(args.model, task, names, args.k, reason)
    if not all(model.binary for model in models.values()):
        reason = "Pass@K needs grades of right or wrong"
        return unmeasured_cells(args.model, task, names, args.k, reason)
    generations, greedy = cli.parse_pairs(args.generations), cli.parse_pairs(args.greedy)
    stated = has_answers(grader)
    models = {
        label: with_solutions(model, Path(generations[label]), task, grader)
        for label, model in models.items()
    }
    texts = {text for model in models.values() for answers in model.answers.values() for text in answers}
    classes = {text: text for text in texts}
    if stated:
        classes = canonical_all(grader, texts, args.processes, args.lost_rows)
    scores: dict[str, dict[str, list[np.ndarray]]] = {method: {} for method in names}
    for label, method in methods.items():
        quantities = by_prompt(f"{label} {task}", models[label], classes, args.k)
        quantities["greedy"] = read_greedy(Path(greedy[label]), task, prompts)
        if not stated:  # hardly two responses are equal
            del quantities["sc_acc"]
        for name, values in quantities.items():
            scores[method].setdefault(name, []).append(values)
    stacked = {
        method: {name: np.stack(values) for name, values in quantities.items()}
        for method, quantities in scores.items()
    }
    number = len(models[BASE].answers[prompts[0]])
    notes = [] if models[BASE].solutions else [CHOSEN]
    notes += [*([] if stated else [WHOLE]), f"{number} samples a prompt"]
    notes += [f"{len(lost)} prompts left out, rows of which were lost"] if lost else []
    note = "; ".join(notes)
    return target_cells(args.model, task, stacked, args.k, number, note)


def main(args: argparse.Namespace) -> None:
    paths = cli.parse_pairs(args.samples)
    others = [cli.parse_pairs(pairs).keys() for pairs in (args.greedy, args.generations)]
    if BASE not in paths or any(labels != paths.keys() for labels in others):
        raise InputError("--samples, --greedy, --generations: give each the same labels, base among them")
    samples = {label: read_samples(Path(path)) for label, path in paths.items()}
    rows = [
        cell
        for task, grader in cli.parse_pairs(args.graders).items()
        for cell in task_cells(args, task, grader, samples)
    ]
    inputs = {label: parquet.provenance(Path(path)) for label, path in paths.items()}
    cells.write(args.output, rows, provenance.facts("diversity", samples=inputs))
    for cell in rows:
        print(*(cell[name] for name in ("method", "train_task", "quantity", "value", "ci_low", "ci_high")))


if __name__ == "__main__":
    cli.run(main, parser())
