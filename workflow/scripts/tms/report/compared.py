"""Rows of compare.csv: the paper's numbers and ours, for tables and figures."""

from dataclasses import dataclass
from pathlib import Path

from tms.io.csv_file import read_csv, values_of
from tms.paper.comparison import COLUMNS
from tms.paper.numbers import AT_STEP
from tms.report.cell_lookup import Reading

# Quantities of the paper that are no shares, by their first word.
NO_SHARES = ("train_nll", "val_nll", "ans_ent")
SETTINGS = "table4_5"


@dataclass(frozen=True)
class ComparedNumber:
    """One number of the paper, and ours; shares are in percent, as the paper prints them.

    `step` is the optimiser step of a number of Table 1, "" of any other.
    """

    model: str
    table: str
    method: str
    quantity: str
    step: str
    paper: float
    ours: Reading | None
    inside: str
    note: str

    @classmethod
    def of(cls, line: dict[str, str]) -> "ComparedNumber":
        """Read a row of `compare.csv`."""
        texts = {name: line[name] for name in ("model", "table", "method", "inside", "note")}
        texts["quantity"], _, texts["step"] = line["quantity"].partition(AT_STEP)
        share = line["table"] != SETTINGS and line["quantity"].split(".")[0] not in NO_SHARES
        factor = 100.0 if share else 1.0
        ours = None
        if line["ours"]:
            bounds = [float(line[name]) if line[name] else None for name in ("ci_low", "ci_high")]
            ours = Reading(float(line["ours"]), *bounds).scaled(factor)
        return cls(paper=factor * float(line["paper"]), ours=ours, **texts)


def read_compared(path: Path) -> list[ComparedNumber]:
    """Read `compare.csv`; a scope without a model of the paper has no rows.

    Raises:
        InputError: it is missing, or lacks a column.
    """
    lines = read_csv(path, [*COLUMNS], empty=True)
    with values_of(path):
        return [ComparedNumber.of(line) for line in lines]
