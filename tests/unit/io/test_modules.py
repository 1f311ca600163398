"""A user's own task or grader: what is wrong with it is told with its file."""

import pytest

import tms.graders
import tms.tasks
from tms.grading.pool import Task, grade_row
from tms.io import modules
from tms.io.errors import InputError
from tms.tasks import chain


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Call `own(folder, name, text)`: writes a module beside the shipped ones."""
    monkeypatch.setattr(modules, "SCRIPTS", tmp_path)
    for package in (tms.tasks, tms.graders):
        folder = tmp_path / "tms" / package.__name__.rpartition(".")[2]
        folder.mkdir(parents=True)
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])

    def write(folder: str, name: str, text: str) -> None:
        (tmp_path / "tms" / folder / f"{name}.py").write_text(text)

    return write


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("own_syntax", "x = 1\ndef build(:\n", r"tms/tasks/own_syntax\.py, line 2: SyntaxError"),
        (
            "own_import",
            "\nimport no_such_package\n",
            r"own_import\.py, line 2: ModuleNotFoundError: No module",
        ),
        ("own_top", "y = {}['a']\n", r"tms/tasks/own_top\.py, line 1: KeyError: 'a'; correct it"),
        ("own_empty", "", r"tms/tasks/own_empty\.py has no build; add it"),
    ],
)
def test_a_module_that_cannot_be_used_is_named(own, name, text, words):
    own("tasks", name, text)
    with pytest.raises(InputError, match=words):
        modules.load_module("tasks", name)


def test_a_grader_that_gives_no_grade_is_named(own):
    own("graders", "own_grader", "METRIC = 'x'\ndef grade(completion, answer):\n    return 1.0\n")
    with pytest.raises(InputError, match=r"graders/own_grader\.py: grade gave 1\.0; it has to be a Grade"):
        grade_row(Task("own_grader", "a", "b"))


def test_an_exception_is_told_with_the_file_of_the_user_and_not_that_of_the_library_below(own):
    own(
        "tasks",
        "own_broken",
        "from tms.data.splits import collect\n\ndef build(*_):\n    collect(1, 2, 3, 4, 5)\n",
    )
    with pytest.raises(TypeError) as error:
        modules.load_module("tasks", "own_broken").build()
    assert modules.told(error.value) == (
        f"{modules.SCRIPTS.relative_to(modules.SCRIPTS.parents[1])}/tms/tasks/own_broken.py, line 4: "
        f"TypeError: 'int' object is not callable"
    )


def test_an_exception_of_a_shipped_task_is_told_with_its_file():
    with pytest.raises(AttributeError) as error:
        chain.problem(None, {})
    assert modules.told(error.value).startswith("workflow/scripts/tms/tasks/chain.py, line ")
