"""Summary numbers of an experiment: the rows from which every table and figure is drawn."""

from pathlib import Path

from tms.io import parquet


def cell(experiment: str, model: str, quantity: str, value: float | None, **others) -> dict:
    """One measured number, with the columns `parquet.CELLS`.

    Args:
        experiment: entry of the config's `experiments`, or another stage (`theorem61`, `correlations`).
        model: name of the model.
        quantity: what was measured, e.g. a benchmark's name, `forgetting`, `kl.policy_base.per_token`.
        value: the number; shares are from 0 to 1, divergences in nats. None: not measured.
        others: the other columns. Texts are "" and numbers None where they are not given.

    Raises:
        KeyError: a column that `parquet.CELLS` lacks.
    """
    given = {"experiment": experiment, "model": model, "quantity": quantity, "value": value} | others
    if unknown := set(given) - set(parquet.CELLS):
        raise KeyError(f"no such column of a cell: {sorted(unknown)}")
    empty = {name: "" if str(parquet.COLUMNS[name]) == "string" else None for name in parquet.CELLS}
    return empty | given


def write(path: Path, cells: list[dict], provenance: dict) -> None:
    """Write cells as a Parquet file."""
    parquet.write(path, parquet.CELLS, cells, provenance)


def read(paths: list[Path]) -> list[dict]:
    """Read the cells of several files, in their order."""
    return [cell for path in paths for cell in parquet.read(path, parquet.CELLS)]


def select(cells: list[dict], **columns) -> list[dict]:
    """The cells whose columns have the given values, e.g. `select(cells, method="tms", checkpoint="")`."""
    return [cell for cell in cells if all(cell[name] == value for name, value in columns.items())]
