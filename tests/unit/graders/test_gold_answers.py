"""Gold answers of the real sets are graded right, and other answers wrong, as by benchmarks/graders.py.

Of training sets and of those with more than 3,000 rows, each tenth row.
"""

import pytest
from helpers.benchmark_data import DATA, needs_data
from helpers.benchmark_programs import load_program

# What our extraction does not find, by set. A formula that is itself two formulas, `$a+$ $b$`, unboxed.
REJECTED = {"Minerva math": {"minerva-72"}}
# Other rows' gold answers that state the same value in other words (`9` and `9\text{ values}`) or with
# a base of their own (`28_9` for 28), and `2s`, which math-verify reads as seconds.
MOST_ACCEPTED = {"MATH train": 1, "MATH test": 1}


@needs_data
@pytest.mark.slow
@pytest.mark.parametrize("index", range(13))
def test_gold_answers(index):
    graders = load_program("graders")
    rows = graders.sets(DATA)[index]()
    if rows.name.endswith("train") or len(rows.rows) > 3_000:
        rows.rows = rows.rows[::10]
    outcome = graders.check(rows, processes=2)
    assert outcome.right >= 3 * outcome.rows > 0
    assert set(outcome.rejected) == REJECTED.get(outcome.name, set())
    assert len(outcome.accepted) <= MOST_ACCEPTED.get(outcome.name, 0)
