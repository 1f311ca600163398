"""A new multiple-choice benchmark is one short task file and its entry in the config."""

import json
import shutil
import subprocess
import sys

import pytest
import yaml
from helpers.copies import copy_folder
from helpers.hub_folder import hub_folder, jsonl
from helpers.paths import CONFIG, SCRIPTS

from tms.io import parquet

TASK = '''"""Quiz: general knowledge."""

from tms.data import hub
from tms.data.choice_prompt import choice_row

SOURCE = hub.Source("a/quiz", None, {"test": "test"}, "0" * 40, "quiz", ("question", "options", "right"))


def row(index: int, item: dict) -> dict:
    """The row of one question."""
    return choice_row(f"quiz-{index}", item["question"], item["options"], item["right"])


build = hub.test_set("quiz", SOURCE, row)
'''
CONFIG_ENTRY = """
suites: {paper: {reported: [quiz]}}
tasks: {quiz: {kind: quiz, grader: choice, test: 2, limit: 2, max_new_tokens: 16}}
"""
QUESTIONS = [
    {"question": "Which is even?", "options": ["one", "two"], "right": 1},
    {"question": "Which is odd?", "options": ["one", "two"], "right": 0},
]
CHECK = """
import sys
from pathlib import Path

sys.path.insert(0, "workflow/scripts")
from tms.config.check import check
from tms.config.load import configuration

print(check(configuration([Path("quiz.yaml")]), []))
"""


@pytest.fixture
def run(tmp_path):
    """Run Python in a copy of the project with the new task's file, its entry and its data."""
    copy_folder(SCRIPTS, tmp_path / "workflow" / "scripts")
    shutil.copytree(CONFIG, tmp_path / "config")
    (tmp_path / "workflow" / "scripts" / "tms" / "tasks" / "quiz.py").write_text(TASK)
    (tmp_path / "quiz.yaml").write_text(CONFIG_ENTRY)
    hub_folder(tmp_path / "local" / "quiz", ("default", "test", "test.jsonl", jsonl(QUESTIONS)))

    def run(*words):
        done = subprocess.run(
            [sys.executable, *words], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_a_new_choice_benchmark_is_checked_prepared_and_graded(run, tmp_path):
    assert run("-c", CHECK) == "[]\n"
    entry = yaml.safe_load(CONFIG_ENTRY)["tasks"]["quiz"]
    run(
        *("workflow/scripts/prepare.py", "--task", "quiz", "--kind", entry["kind"], "--split", "test"),
        *("--size", str(entry["test"]), "--data-root", "local", "--output", "test.parquet"),
    )
    examples = parquet.read(tmp_path / "test.parquet", parquet.PREPARED)
    given = {"benchmark": "quiz", "split": "test", "seed": 0, "sample": 0, "checkpoint": "", "seconds": 0.1}
    given |= {"completion": "It is two.\nanswer: B", "completion_ids": [1], "finish_reason": "stop"}
    completions = [example | given for example in examples]
    parquet.write(tmp_path / "generations.parquet", parquet.COMPLETIONS, completions, {})
    run(
        *("workflow/scripts/grade.py", "--generations", "generations.parquet"),
        *("--graders", f"quiz={entry['grader']}", "--grades", "grades.parquet", "--scores", "scores.json"),
    )
    score = json.loads((tmp_path / "scores.json").read_text())["quiz"]
    assert (score["metric"], score["score"], score["n"]) == ("accuracy", 0.5, 2)
