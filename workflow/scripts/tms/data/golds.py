"""Gold answers that a task's grader has to be able to read."""

from tms.io.errors import InputError
from tms.io.modules import load_module

TOLD = 10  # rows with a gold answer that the grader cannot read


def check_golds(examples: list[dict], grader: str, where: str) -> None:
    """Check that a task's grader can read every row's gold answer.

    Raises:
        InputError: it cannot read some: a line each for the first `TOLD` of them; one line for all rows.
    """
    read_gold = getattr(load_module("graders", grader), "read_gold", None)
    faults = []
    for row in examples if read_gold else []:
        try:
            read_gold(row["answer"])
        except InputError as error:
            row_text = f"row {row['example_id']} ({row['prompt'][:40]!r})"
            faults.append(f"{where}: {row_text}: grader {grader}: {error}")
    if 1 < len(faults) == len(examples):
        faults = [f"{faults[0]} (so it is with all {len(examples)} rows)"]
    if more := faults[TOLD:]:
        faults[TOLD:] = [f"{where}: and {len(more)} more such rows of {len(examples)}"]
    if faults:
        raise InputError("\n".join(faults))
