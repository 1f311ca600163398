"""The program that lists stale outputs, without a target."""

from pathlib import Path

import check_stale


def test_a_table_of_a_model_that_the_configuration_lacks_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    tables = ["results/table.csv", "results/tiny/tms/table.csv", "results/other/tms/table.csv"]
    for path in map(Path, ["config/config.yaml", *tables]):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("models: {tiny: {}}\nmethods: {}\n")
    assert check_stale.tables_there([]) == tables[:2]
    assert capsys.readouterr().out == (
        "results/other/tms/table.csv: not compared: no models.other; add the --configfile that made it\n"
    )
