"""The on-policy methods while they train: how their curves start and end."""

from tms.experiments import labels as names
from tms.report.cell_lookup import Book, NotDrawnError, Reading
from tms.report.tables.methods import having
from tms.report.tables.table import Column, Entry, Table

PART = 10  # the first and the last of so many parts of a run
ENDS = {"reward": "share", "entropy": "number", "length": "number"}  # shown at both ends
LAST = {"kl": "number", "truncated": "share", "equal": "share", "failures": "number"}  # shown at the end


def training(book: Book) -> Table:
    """What is watched of the on-policy methods on each target task, over the first and last tenth of steps.

    Raises:
        NotDrawnError: no model has an on-policy method in main, or nothing was measured.
    """
    subjects = [subject for subject in having(book, "main") if subject.on_policy]
    if not subjects:
        models = ", ".join(f"models.{subject.model}" for subject in book.subjects)
        raise NotDrawnError(f"{models}: no on-policy method in experiment main")
    columns = [Column("steps", "Steps", "count")]
    for name, unit in (ENDS | LAST).items():
        if name in ENDS:
            columns.append(Column(f"{name}_first", f"{names.quantity(name)}, first tenth", unit))
        columns.append(Column(f"{name}_last", f"{names.quantity(name)}, last tenth", unit))
    rows = []
    for subject in subjects:
        for task in subject.suite.targets:
            for method in subject.on_policy:
                entries = {}
                for name in ENDS | LAST:
                    where = {"method": method, "train_task": task}
                    cells = book.cells(subject.model, "training", name, **where)
                    entries |= _ends(name, [Reading.of(cell) for cell in cells])
                texts = {"model": subject.model, "train_task": names.benchmark(task)}
                rows.append((texts | {"method": names.method(method)}, entries))
    labels = {"model": "Model", "train_task": "Trained on", "method": "Method"}
    title = "Training of the on-policy methods: shares in %, divergence and entropy in nats"
    notes = [
        "Means over steps and seeds. Reward is of completions of training prompts (TRAPO's without prefix)."
    ]
    return Table("training", title, labels, columns, rows, notes)


def _ends(name: str, curve: list[Reading]) -> dict[str, Entry]:
    """The means of a curve's first and last points, and its last step."""
    if not curve:
        return {}
    curve = sorted(curve, key=lambda reading: reading.x)
    some = max(len(curve) // PART, 1)
    means = {"first": curve[:some], "last": curve[-some:]}
    found = {
        f"{name}_{end}": Entry(Reading(sum(reading.value for reading in part) / some))
        for end, part in means.items()
    }
    return found | {"steps": Entry(Reading(curve[-1].x))}
