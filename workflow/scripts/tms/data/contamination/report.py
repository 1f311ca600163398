"""Reports of the contamination gate: outcomes of pairs, its table, and the notes on contaminated pairs."""

from pathlib import Path

from tms.io import json_file

OK, ACCEPTED, KEPT, BLOCKED = "ok", "accepted", "kept", "blocked"
COLUMNS = [
    "task",
    "benchmark",
    "rows",  # of the evaluation set
    "short",  # of these, rows of fewer than 8 words, which are compared for equality alone
    "exact",  # training rows that equal one of them: removed, but for the outcome `kept`
    "exact_heldout",
    "overlapping",  # evaluation rows that share a 13-gram with a training row that is left, or stand in one
    "share",  # overlapping / rows
    "mostly",  # evaluation rows with at least half of their 13-grams, or the whole row, in training rows
    "outcome",
    "reason",
]
NOTED = (ACCEPTED, KEPT)


def outcome(share: float, max_share: float, accepted: str | None, kept: str | None) -> tuple[str, str]:
    """Outcome of a pair of training and evaluation set, and the reason that the config gives for it."""
    if kept is not None:
        return KEPT, kept
    if share <= max_share:
        return OK, ""
    return (BLOCKED, "") if accepted is None else (ACCEPTED, accepted)


def table_row(task: str, benchmark: str, counts: dict) -> dict:
    """A line of contamination.csv from a benchmark's entry of contamination.json."""
    values = {"task": task, "benchmark": benchmark, "short": ""} | counts  # reports of before have no `short`
    return {name: values[name] for name in COLUMNS} | {"share": f"{counts['share']:.4f}"}


def read_report(path: Path) -> dict:
    """Read a report on contamination.

    Raises:
        InputError: it is missing or broken.
    """
    return json_file.read(
        path, "report", "delete it and run decontaminate again", {"task": str, "benchmarks": dict}
    )


def contaminated_pairs(paths: list[Path]) -> dict[tuple[str, str], str]:
    """Pairs of training task and benchmark that share rows, each with a note in one line.

    Args:
        paths: contamination.json of the training tasks.

    Returns:
        (training task, benchmark) -> a note in one line, for the pairs above the allowed share that the
        config accepts, and for those whose equal rows it keeps.

    Raises:
        InputError: a report is missing or broken.
    """
    notes = {}
    for path in paths:
        report = read_report(path)
        for benchmark, counts in report["benchmarks"].items():
            if counts["outcome"] in NOTED:
                notes[report["task"], benchmark] = note(counts)
    return notes


def note(counts: dict) -> str:
    """One line that says what a pair shares and why it is accepted."""
    rows = f"{counts['overlapping']} of {counts['rows']} rows ({counts['share']:.1%})"
    shared = f"{rows} share 13 words or all of theirs with training"
    if counts["outcome"] == KEPT:
        shared = f"{counts['exact']} training rows equal rows of it and were kept; {shared}"
    return f"{shared}: {counts['reason']}"
