"""Names that a shell would run or cut: each program of a dry run would get them as one word."""

import re
import shutil
import subprocess

import yaml
from helpers.paths import ROOT

# What runs leaves a file PWN.
NAME = """x$(touch PWN) `touch PWN` 'q' "d"; touch PWN & # <PWN >PWN | $HOME \\ %s"""
STUB = r"""#!/bin/sh
printf '%s\0' "$@" >> words
printf '\1' >> words
"""


def test_a_shell_reads_no_name(new_project):
    """The folders of models and data, and the configuration's file (of data files: test_own_data.py)."""
    project = new_project("names")
    folders = {part: f"{NAME} {part}" for part in ("base", "teacher", "judge", "data")}
    for folder in folders.values():
        shutil.copytree(ROOT / "workflow" / "resources" / "miniature" / "base", project.folder / folder)
    overlay = {
        "data": {"root": folders["data"]},
        "models": {"qwen3b": {"base": folders["base"]}},
        "teachers": {"llama70b": {"model": folders["teacher"]}},
        "judges": {"wildguard": {"model": folders["judge"]}},
    }
    config = project.overlay(f"{NAME}.yaml", yaml.safe_dump(overlay))
    done = project.snakemake(
        *("--dry-run", "--printshellcmds", "results/qwen3b/table.csv", "logs/gpu_check/report.json"),
        configs=(config,),
        smoke=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    starts = r"(?:HF_HUB_OFFLINE=\S+ )?python workflow/scripts/(?:job|lease)\.py .*"
    commands = re.findall(starts, done.stdout)
    assert len(commands) > 100
    (project.folder / "stub").mkdir()
    python = project.folder / "stub" / "python"
    python.write_text(STUB)
    python.chmod(0o755)
    for log in re.findall(r"> (logs/\S+\.log)", done.stdout):
        (project.folder / log).parent.mkdir(parents=True, exist_ok=True)
    (project.folder / "commands.sh").write_text("\n".join(["set -e", 'PATH="$PWD/stub:$PATH"', *commands]))
    ran = subprocess.run(
        ["bash", "commands.sh"], cwd=project.folder, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert list(project.folder.rglob("PWN")) == []
    programs = (project.folder / "words").read_text().split("\1")[:-1]
    assert len(programs) == len(commands)
    words = {word for program in programs for word in program.split("\0")}
    given = {word.partition("=")[2] if "=" in word else word for word in words if "PWN" in word}
    assert given == {*folders.values(), str(project.folder / config)}
