"""Paths reach the shell quoted: in rules and in the Makefile (test_killed.py runs in such a folder)."""

import os
import re
import shlex
import subprocess

import pytest
from helpers.paths import ROOT

# What a rule's shell line may hold unquoted: flags, which are quoted where they are made, and words.
FETCHES = ("download", "download_punkt")  # an edit of their code downloads nothing anew
WORDS = {"params.flags", "params.shipped", "params.code[0]"}


def shell_fields():
    """The fields in shell lines of the rules: file, field, whether it is quoted."""
    for path in sorted((ROOT / "workflow" / "rules").glob("*.smk")):
        for line in path.read_text().splitlines():
            if re.search(r'"', line) and re.search(r"\bpython |--[a-z]|> \{+log", line):
                for field, quoted in re.findall(r"\{+((?:input|output|params|log)[\w.\[\]]*)(:q)?\}", line):
                    yield path.name, field, bool(quoted)


def test_each_path_of_a_shell_line_is_quoted():
    found = list(shell_fields())
    assert len(found) > 100
    assert {entry for entry in found if not entry[2] and entry[1] not in WORDS} == set()


def test_every_rule_locks_its_output_and_records_its_flags():
    """But for the check of a node, whose report no result depends on."""
    starts = {}
    for path in (ROOT / "workflow" / "rules").glob("*.smk"):
        for rule, line in re.findall(r"^rule (\w+):\n(?:.*\n)*?    shell:\n +(.*)$", path.read_text(), re.M):
            starts[rule] = line
    assert len(starts) > 25
    assert {rule for rule, line in starts.items() if "{JOB}" not in line} == {"gpu_check", *FETCHES}
    assert all("{FETCH}" in starts[rule] for rule in FETCHES)


@pytest.mark.parametrize(
    ("target", "program"),
    [
        ("settings RUN=results/a/b/c/seed0", "settings.py"),
        ("model-card RUN=results/a/b/c/seed0", "model_card.py"),
        ("report", "snakemake"),
        ("check-stale", "check_stale.py"),
        ("preflight", "preflight.py"),
        ("estimate", "estimate.py"),
        ("export", "export.py"),
        ("status", "status.py"),
        ("memory", "memory.py"),
        ("gpu-check", "gpu_check.py"),
        ("gpu-check PROFILE=slurm", "snakemake"),
    ],
)
def test_the_makefile_quotes_a_configuration_s_path(target, program):
    config = 'it\'s a $HOME, "~" & more.yaml'
    words = ["make", "-n", "-o", ".venv/.locked", *target.split(), f"CONFIG={config.replace('$', '$$')}"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    lines = done.stdout.replace("\\\n", " ").splitlines()
    line = next(line for line in lines if program in line and "--configfile" in line)
    words = shlex.split(line)
    assert words[words.index("--configfile") + 1] == config


@pytest.mark.parametrize("target", ["estimate", "preflight"])
def test_a_target_that_is_not_given_is_the_paper_s_table(target):
    words = ["make", "-n", "-o", ".venv/.locked", target]
    environment = {name: value for name, value in os.environ.items() if name != "TARGET"}
    told = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True, env=environment)
    assert "'results/qwen3b/tms/table.csv'" in told.stdout
