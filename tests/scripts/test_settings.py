"""The settings of a run as a program: its table, and one line for what is no run."""

import shutil

import pytest
from helpers.paths import CONFIG

RUN = "results/tiny/grpo/chain/seed0"


@pytest.fixture
def settings(program, tmp_path):
    """Call `settings(*words)`: runs the program in a folder with the project's configuration."""
    shutil.copytree(CONFIG, tmp_path / "config")
    return lambda *words: program("settings", *words)


def test_a_table_with_layers_and_files(settings):
    done = settings("--run", RUN, "--configfile", "config/smoke.yaml")
    assert done.returncode == 0, done.stderr
    head, *lines = [line.split() for line in done.stdout.splitlines()]
    assert head == ["setting", "value", "set", "in", "file"]
    rows = {line[0]: line[1:] for line in lines}
    assert rows["training.effective_batch"] == ["4", "models.tiny.training", "config/smoke.yaml"]
    assert rows["on_policy.learning_rate"] == [
        "0.001",
        "models.tiny.methods.grpo.on_policy",
        "config/config.yaml",
    ]
    assert rows["on_policy.on_failure"] == ["warn", "on_policy", "config/smoke.yaml"]
    assert rows["task.train"] == ["96", "tasks.chain", "config/smoke.yaml"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--run", "results/tiny/grpo/chain"], "write results/MODEL/METHOD/TASK/seedN"),
        (["--run", "results/tiny/gpro/chain/seed0"], "the configuration has no methods.gpro"),
        (["--run", "results/tiny/grpo/math/seed0"], "math is no target of models.tiny"),
        (["--run", RUN, "--configfile", "nowhere.yaml"], "nowhere.yaml: not a readable YAML file"),
        (["--run", ""], "RUN is missing: name a run, e.g. RUN=results/tiny/tms/chain/seed0"),
        (["--run", RUN, "--configfile", "more.yaml"], "unknown key tms.alhpa; did you mean alpha?"),
    ],
)
def test_one_line_for_what_cannot_work(settings, tmp_path, words, message):
    (tmp_path / "more.yaml").write_text("tms: {alhpa: 0.3}\n")
    done = settings(*words)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert message in line
