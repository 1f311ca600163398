"""What a stage spent, on disk and added up."""

import pytest

from tms.io import cost
from tms.io.cost import Cost
from tms.io.errors import InputError


def test_costs_add_up():
    assert Cost(1, 2, 3, 4, 5, 0.5, 6) + Cost(10, 20, 30, 40, 50, 1.0, 60) == Cost(
        11, 22, 33, 44, 55, 1.5, 66
    )


def test_generated_rows_count_all_their_tokens():
    rows = [{"completion_ids": [1, 2, 3], "seconds": 0.25}, {"completion_ids": [], "seconds": 0.5}]
    assert cost.of_completions(rows) == Cost(rollouts=2, generated_tokens=3, seconds=0.75)


def test_a_cost_survives_the_disk(tmp_path):
    cost.write(tmp_path / "cost.json", Cost(1, 2, 3, 4, 5, 4.5, 6))
    assert cost.read(tmp_path / "cost.json") == Cost(1, 2, 3, 4, 5, 4.5, 6)


@pytest.mark.parametrize("text", ["", "[]", '{"steps": 1}', '{"seconds": '])
def test_another_file_is_no_cost(tmp_path, text):
    path = tmp_path / "cost.json"
    with pytest.raises(InputError, match=r"cost\.json"):
        cost.read(path)
    path.write_text(text)
    with pytest.raises(InputError, match=r"cost\.json: not a readable cost file"):
        cost.read(path)
