"""Tables printed with aligned columns."""


def test_columns_are_aligned(program, tmp_path):
    (tmp_path / "table.csv").write_text("row,chain,xfer\nbase,0.3000,\nfinal_sft,0.9000,-0.1000\n")
    done = program("show", "table.csv")
    assert done.stdout == (
        "table.csv\nrow         chain     xfer\nbase       0.3000\nfinal_sft  0.9000  -0.1000\n\n"
    )


def test_a_missing_table_is_named(program):
    done = program("show", "gone.csv")
    assert (done.returncode, done.stderr) == (
        2,
        "error: gone.csv: no such file; run the stage that makes it\n",
    )
