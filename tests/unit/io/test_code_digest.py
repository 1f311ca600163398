"""Which edits change a stage's code digest, and which file the digest names."""

from pathlib import Path

import pytest

from tms.io import code_digest
from tms.io.errors import InputError

PROGRAM = '"""Program."""\nfrom tms import used\nfrom tms.deep.inner import thing\n'


@pytest.fixture
def scripts(tmp_path, monkeypatch):
    """A project of one program and three modules, one of which nothing imports."""
    for name, text in {
        "stage.py": PROGRAM,
        "tms/__init__.py": "",
        "tms/used.py": "import tms.shared\n\ndef f(x):\n    '''Doc.'''\n    return x + 1\n",
        "tms/shared.py": "LIMIT = 3\n",
        "tms/unused.py": "VALUE = 1\n",
        "tms/chosen.py": "VALUE = 1\n",
        "tms/deep/__init__.py": "",
        "tms/deep/inner.py": "thing = 1\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(code_digest, "SCRIPTS", tmp_path)
    return tmp_path


def digests(modules=()):
    code_digest._read.cache_clear()
    code_digest._closure.cache_clear()
    return code_digest.digests("stage", modules)


def files(entries):
    return [entry.partition(":")[0] for entry in entries if not entry.startswith("all:")]


def test_the_closure_holds_what_is_imported_and_no_more(scripts):
    assert files(digests()) == ["stage.py", "tms/deep/inner.py", "tms/shared.py", "tms/used.py"]


def test_modules_chosen_at_run_time_count(scripts):
    assert set(files(digests(("tms.chosen",)))) - set(files(digests())) == {"tms/chosen.py"}


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("tms/used.py", "import tms.shared\n# why\n\ndef f(x):\n    '''Another.'''\n    return x + 1\n"),
        ("tms/used.py", "import tms.shared\ndef f(x): return x + 1\n"),
        ("stage.py", '"""Another."""\n\n' + PROGRAM.partition("\n")[2]),
        ("tms/unused.py", "VALUE = 2\n"),
    ],
)
def test_comments_docstrings_layout_and_other_modules_change_nothing(scripts, file, text):
    before = digests()
    (scripts / file).write_text(text)
    assert digests() == before


def test_an_edit_changes_the_digest_of_its_file_alone(scripts):
    before = digests()
    (scripts / "tms/shared.py").write_text("LIMIT = 4\n")
    changed = set(digests()) ^ set(before)
    assert set(files(changed)) == {"tms/shared.py"}


def test_an_import_inside_a_function_counts(scripts):
    (scripts / "tms/used.py").write_text("def f(x):\n    from tms import unused\n    return unused.VALUE\n")
    assert "tms/unused.py" in files(digests())


def test_the_real_training_stage_holds_its_loss_only():
    names = files(code_digest.digests("train_sft", ("tms.training.losses.trsft",)))
    assert "tms/training/losses/trsft.py" in names
    assert "tms/training/losses/dft.py" not in names


def test_the_real_grading_stage_holds_its_grader_only():
    names = files(code_digest.digests("grade", ("tms.graders.chain",)))
    assert "tms/graders/chain.py" in names
    assert "tms/graders/countdown.py" not in names
    assert all((Path(code_digest.SCRIPTS) / name).exists() for name in names)


def test_a_file_that_is_no_python_is_named(scripts):
    (scripts / "tms/chosen.py").write_text("VALUE = (\n")
    with pytest.raises(
        InputError, match=r"tms/chosen\.py, line 1: SyntaxError: '\(' was never closed .*; correct"
    ):
        digests(("tms.chosen",))
    (scripts / "tms/chosen.py").write_bytes(b"VALUE = '\xff'\n")
    with pytest.raises(InputError, match=r"correct chosen\.py"):
        digests(("tms.chosen",))
