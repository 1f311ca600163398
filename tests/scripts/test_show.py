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


def test_methods_together(program, tmp_path):
    for method, score in (("sft", "0.9"), ("tms", "0.8")):
        text = f"row,chain\nbase,0.3\n{method},{score}\ndelta,0.5\n"
        (tmp_path / f"{method}.csv").write_text(text)
    done = program("show", "--together", "sft.csv", "tms.csv")
    assert done.stdout == "row   chain\nbase    0.3\nsft     0.9\ntms     0.8\n"
    (tmp_path / "tms.csv").write_text("row,chain\nbase,0.4\ntms,0.8\ndelta,0.4\n")
    done = program("show", "--together", "sft.csv", "tms.csv")
    assert done.returncode == 2
    assert done.stderr == "error: tms.csv: other columns or another base than sft.csv; run aggregate again\n"


def test_a_note_is_said_once_below_the_table(tmp_path, program):
    (tmp_path / "table.csv").write_text(
        "row,faq_loss,note\nbase,2.0,\nsft,1.0,not known\ntms,1.5,not known\n"
    )
    done = program("show", "table.csv")
    assert (
        done.stdout
        == "table.csv\nrow   faq_loss\nbase       2.0\nsft        1.0\ntms        1.5\n\nnote: not known\n"
    )
