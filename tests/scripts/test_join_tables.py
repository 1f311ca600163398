"""Tables of several models in one; a column that a model has not stays empty."""


def test_rows_and_columns(program, tmp_path):
    (tmp_path / "a.csv").write_text("row,math,xfer,forgetting\nbase,0.5,,0.0\ntms,0.6,0.1,-0.1\n")
    (tmp_path / "b.csv").write_text("row,math,chain,xfer,forgetting\nbase,0.7,0.2,,0.0\n")
    done = program("join_tables", "--tables", "a=a.csv", "b=b.csv", "--output", "out.csv")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.csv").read_text().splitlines() == [
        "model,row,math,xfer,forgetting,chain",
        "a,base,0.5,,0.0,",
        "a,tms,0.6,0.1,-0.1,",
        "b,base,0.7,,0.0,0.2",
    ]


def test_a_missing_table_is_one_line(program):
    done = program("join_tables", "--tables", "a=none.csv", "--output", "out.csv")
    assert done.returncode == 2
    assert done.stderr.splitlines() == ["error: none.csv: no such file; run the stage that makes it"]
