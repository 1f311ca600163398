"""Table 8 as a file of its own."""


def test_the_table_is_handed_over(program, tmp_path):
    (tmp_path / "tables").mkdir()
    words = ["--tables", "tables", "--output", "pilots.csv"]
    done = program("pilots", *words)
    assert done.returncode == 2 and done.stderr.splitlines() == [
        "error: tables/table8.csv: no such table; index.json beside it says why"
    ]
    (tmp_path / "tables" / "table8.csv").write_text("method,calculate\nTMS,0.5\n")
    assert program("pilots", *words).returncode == 0
    assert (tmp_path / "pilots.csv").read_text() == "method,calculate\nTMS,0.5\n"
