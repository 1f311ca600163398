"""The folded table behind a verdict: a row a difference, columns that say something."""

from tms.report.page.difference_table import differences

ROW = {
    **{"label": "chain, TMS - SFT", "unit": "points", "value": -0.04, "low": -4.0, "high": 3.92},
    **{"examples_low": -1.0, "examples_high": 0.92, "seeds": 3, "seeds_low": -3.5, "seeds_high": 3.42},
    **{"p_value": 0.97, "paired": True, "decides": True},
}


def texts(rows):
    table = differences(rows, "behind-rq1", "Behind")
    return table.columns, [[entry.text for entry in line] for line in table.rows], table


def test_each_source_of_variance_has_its_column():
    columns, ((label, value, examples, seeds, p_value),), table = texts([ROW])
    assert columns == ["Difference", "Points", "95 % over examples", "95 % over seeds", "p"]
    assert (label, value, p_value) == ("chain, TMS - SFT", "0", "0.97")
    assert (examples, seeds) == ("−1.0 to +0.9", "−3.5 to +3.4")
    assert table.rows[0][1].below == "−4 to +4"


def test_one_seed_has_no_column_over_seeds():
    one = {name: number for name, number in ROW.items() if not name.startswith("seeds")}
    columns, lines, table = texts([one])
    assert columns == ["Difference", "Points", "p"] and len(lines[0]) == 3
    assert table.caption == ""


def test_what_decides_nothing_and_what_is_unpaired_are_marked():
    columns, lines, table = texts([ROW, ROW | {"decides": False, "paired": False}])
    assert columns[-1] == "Decides" and [line[-1] for line in lines] == ["yes", "no"]
    assert [line[-2] for line in lines] == ["0.97", "0.97, unpaired"]
    assert "on the side of no difference" in table.caption


def test_a_correlation_without_an_interval():
    row = {"label": "KL", "unit": "rho", "value": 0.8, "p_value": 0.0001, "paired": True, "decides": True}
    columns, lines, _ = texts([row])
    assert (columns, lines) == (["Difference", "rho", "p"], [["KL", "+0.8", "< 0.001"]])


def test_no_rows():
    assert differences([], "behind-rq8", "Behind").rows == []
