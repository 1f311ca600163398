"""Training: the targets of the methods on rows, and how the curves of the on-policy methods start and end."""

from tms.experiments import labels as names
from tms.report.cell_lookup import CellLookup, NotMeasuredError, Reading
from tms.report.precision import exact
from tms.report.tables.methods import having
from tms.report.tables.table import Column, Table

PART = 10  # the first and the last of so many parts of a run
# Of the targets: quantity -> unit.
TARGETS = (
    *(("alpha", "share"), ("teacher", "share"), ("teacher_tokens", "share"), ("general", "share")),
    *(("general_tokens", "share"), ("masked", "share"), ("cut", "share"), ("empty_steps", "number")),
)
REPLAYED = ("targets.general", "targets.general_tokens")  # only where a method has general prompts
ENDS = {"reward": "share", "entropy": "number", "length": "number"}  # shown at both ends
LAST = {"kl": "number", "truncated": "share", "equal": "share", "failures": "number"}  # shown at the end


def training(lookups: list[CellLookup]) -> Table:
    """Monitored numbers of the on-policy methods on each target task, over the first and last tenth of steps.

    Raises:
        NotMeasuredError: no model has an on-policy method in main, or nothing was measured.
    """
    models = ", ".join(f"models.{lookup.info.model}" for lookup in lookups)
    lookups = [lookup for lookup in having(lookups, "main") if lookup.info.on_policy]
    if not lookups:
        raise NotMeasuredError(f"{models}: no on-policy method in experiment main")
    columns = [Column("steps", "Steps", "count")]
    for name, unit in (ENDS | LAST).items():
        if name in ENDS:
            columns.append(Column(f"{name}_first", f"{names.quantity(name)}, first tenth", unit))
        columns.append(Column(f"{name}_last", f"{names.quantity(name)}, last tenth", unit))
    rows = []
    for lookup in lookups:
        for task in lookup.info.suite.targets:
            for method in lookup.info.on_policy:
                readings = {}
                for name in ENDS | LAST:
                    cells = lookup.cells("training_curves", name, method=method, train_task=task)
                    readings |= _ends(name, [Reading.of(cell) for cell in cells])
                texts = {"model": lookup.info.model, "train_task": names.benchmark(task)}
                rows.append((texts | {"method": names.method(method)}, readings))
    labels = {"model": "Model", "train_task": "Trained on", "method": "Method"}
    title = "Training of the on-policy methods: shares in %, divergence and entropy in nats"
    notes = [
        "Means over steps and seeds. Reward is of completions of training prompts; TRAPO's reward, KL and "
        "truncated share are of the first four of a prompt's eight, which have no prefix.",
    ]
    sampled = [
        f"{names.method(method)} on {names.benchmark(task)} {exact(temperature)}"
        for lookup in lookups
        for method, temperatures in lookup.info.temperatures.items()
        for task, temperature in temperatures.items()
    ]
    if sampled:
        taken = "Entropy and KL to base are taken at the temperature of the rollouts"
        notes.append(f"{taken}, where it is not 1: {', '.join(dict.fromkeys(sampled))}.")
    return Table("training", title, labels, columns, rows, notes)


def targets(lookups: list[CellLookup]) -> Table:
    """The effective alpha beside the configured one, and the targets without loss, of the methods on rows.

    Raises:
        NotMeasuredError: no model has the experiment main.
    """
    lookups = having(lookups, "main")
    columns = [Column(f"targets.{name}", names.quantity(f"targets.{name}"), unit) for name, unit in TARGETS]
    rows = []
    for lookup in lookups:
        for method, experiment in lookup.summarised().items():
            for task in lookup.info.suite.targets:
                readings = {
                    column.key: lookup.reading(experiment, column.key, method, train_task=task)
                    for column in columns
                }
                if any(readings.values()):
                    texts = {"model": lookup.info.model, "method": names.method(method)}
                    rows.append((texts | {"train_task": names.benchmark(task)}, readings))
    replayed = any(readings[key] for _, readings in rows for key in REPLAYED)
    columns = [column for column in columns if replayed or column.key not in REPLAYED]
    labels = {"model": "Model", "method": "Method", "train_task": "Trained on"}
    notes = [
        "α is the probability with which a visit draws the teacher's answer, its share of the targets with "
        "loss the α that a student saw; they differ where sampled targets carry no loss, and by chance."
    ]
    if replayed:
        notes.append("The teacher's shares are of the targets without general prompts.")
    return Table(
        "targets",
        "Targets of the methods that train on rows, in %",
        labels,
        columns,
        rows,
        notes,
        counted="Targets",
    )


def _ends(name: str, curve: list[Reading]) -> dict[str, Reading]:
    """The means of a curve's first and last points, and its last step."""
    if not curve:
        return {}
    curve = sorted(curve, key=lambda reading: reading.x)
    some = max(len(curve) // PART, 1)
    means = {"first": curve[:some], "last": curve[-some:]}
    readings = {
        f"{name}_{end}": Reading(sum(reading.value for reading in part) / some) for end, part in means.items()
    }
    return readings | {"steps": Reading(curve[-1].x)}
