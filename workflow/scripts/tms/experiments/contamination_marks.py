"""Marks of contamination in tables: the numbers that contaminated pairs enter, and the footnotes."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from tms.config.suite import Suite, tasks_of
from tms.data.contamination import report
from tms.experiments import labels
from tms.io import cli
from tms.metrics.quantities import transfers

MARK = "†"
# Columns that are computed from scores, by the part of a benchmark in the suite.
OF_RETENTION = ("retention_mean", "retention_matched", "retention_delta")
OF_FORGETTING = ("forgetting", "forgetting_ext", "forgetting_matched", "forgetting_floor", "area", "rho")
OF_TARGETS = ("target", "target_mean", "area")
Pairs = Mapping[tuple[str, str], str]


def quantities(suite: Suite, pairs: Pairs) -> dict[str, list[tuple[str, str]]]:
    """Quantities that contaminated pairs enter.

    Args:
        suite: the benchmarks and their parts.
        pairs: (training task, benchmark) -> note (`contamination.report.contaminated_pairs`).

    Returns:
        Quantity -> the pairs that it holds: the benchmark's own score, and the summaries over it.
    """
    marked: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for task, benchmark in pairs:
        entered = [benchmark]
        if benchmark in suite.retention:
            entered += [*OF_RETENTION, *OF_FORGETTING]
        elif benchmark in suite.safety:
            entered += ["forgetting_ext", "forgetting_floor_ext"]
        elif benchmark in suite.target_tasks:
            together = any({task, benchmark} <= set(tasks_of(target)) for target in suite.targets)
            entered += OF_TARGETS if together else []
        if any(benchmark in of for target, of in transfers(suite).items() if task in tasks_of(target)):
            entered.append("xfer")
        for quantity in entered:
            marked[quantity].append((task, benchmark))
    return dict(marked)


def pairs_of(key: str, marked: Mapping[str, list[tuple[str, str]]]) -> list[tuple[str, str]]:
    """Contaminated pairs in a column or quantity, e.g. of `math`, `math.loose`, `delta.math`, `math_asr`."""
    parts = {key, key.split(".")[0], key.partition(".")[2], key.removesuffix("_asr")}
    return list(dict.fromkeys(pair for part in parts for pair in marked.get(part, [])))


def footnote(model: str, pair: tuple[str, str], note: str) -> str:
    """Footnote of a table on a contaminated pair; `model` is "" where the page says which one."""
    task, benchmark = map(labels.benchmark, pair)
    lead = f"{model}, trained" if model else "trained"
    return f"{MARK} {lead} on {task}, tested on {benchmark}: {note}"


def read_reports(labelled: list[str]) -> dict[str, dict[tuple[str, str], str]]:
    """Read `MODEL/TASK=FILE` arguments: model -> its contaminated pairs with their notes.

    Raises:
        InputError: another form, or a report that is missing or broken.
    """
    reports: dict[str, dict[tuple[str, str], str]] = {}
    for label, path in cli.parse_pairs(labelled).items():
        reports.setdefault(label.partition("/")[0], {}).update(report.contaminated_pairs([Path(path)]))
    return reports
