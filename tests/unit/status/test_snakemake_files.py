"""Reading Snakemake's own files: a log's heading and failures, its marks, its processes."""

from pathlib import Path

import pytest
from snakemake.persistence.file import FilePersistence

from tms.status.snakemake_files import Failure, marked, process, read_run, runs

HEADING = """Assuming unrestricted shared filesystem usage.

SNAKEMAKE
=========
  Date: 2026-11-28 11:25:18
  Host: login1
  Command: {command}
  Config file(s): [PosixPath('/p/config/smoke.yaml'), PosixPath('/p/b.yaml'), 'config/config.yaml']

Building DAG of jobs...
"""
STARTED = """[Sat Nov 28 11:26:00 2026]
rule harvest:
    input: plan.parquet
    output: rows-{number}.parquet, rows-{number}.cost.json
    log: logs/harvest/{number}.log
    jobid: {number}
"""
FAILED = """[Sat Nov 28 11:27:0{number} 2026]
Error in rule harvest:
    message: {message}
    jobid: {number}
    output: rows-{number}.parquet, rows-{number}.cost.json
    log: logs/harvest/{number}.log, /slurm/{number}.log (check log file(s) for error details)
    shell:
        python harvest.py
        (command exited with non-zero exit code)
Logfile logs/harvest/{number}.log:
===
Error in rule of another kind
===
"""


def log(folder: Path, *parts: str, command: str = "bin/snakemake --cores 2 -- results/m/table.csv") -> Path:
    path = folder / "2026-11-28T112518.216667.snakemake.log"
    path.write_text(HEADING.format(command=command) + "".join(parts))
    return path


@pytest.mark.parametrize(
    ("command", "targets"),
    [
        ("snakemake --configfile a.yaml -- results/m/table.csv data/x", ["results/m/table.csv", "data/x"]),
        ("bin/snakemake --cores all results/m/table.csv", ["results/m/table.csv"]),
        ("snakemake --cores 2", []),
    ],
)
def test_heading(tmp_path, command, targets):
    run = read_run(log(tmp_path, command=command))
    assert (run.started, run.host, run.targets) == ("2026-11-28 11:25:18", "login1", targets)
    assert run.configfiles == [Path("/p/config/smoke.yaml"), Path("/p/b.yaml")]


def test_no_log_and_one_without_its_heading(tmp_path):
    assert runs(tmp_path) == []
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "2026.snakemake.log").write_text("Assuming unrestricted shared filesystem usage.\n")
    assert runs(tmp_path) == []


def test_failures_but_of_jobs_that_started_again(tmp_path):
    message = "SLURM-job '7' failed, SLURM status is: 'NODE_FAIL'."
    parts = [STARTED.format(number=1), STARTED.format(number=2)]
    parts += [FAILED.format(number=1, message=message), FAILED.format(number=2, message="None")]
    first, second = read_run(log(tmp_path, *parts)).failures
    output = ["rows-1.parquet", "rows-1.cost.json"]
    logs = ["logs/harvest/1.log", "/slurm/1.log"]
    assert first == Failure("harvest", "Sat Nov 28 11:27:01 2026", output, logs, message)
    assert (second.output[0], second.message) == ("rows-2.parquet", "")
    again = read_run(log(tmp_path, *parts, STARTED.format(number=1))).failures
    assert [failure.output[0] for failure in again] == ["rows-2.parquet"]


@pytest.mark.parametrize("name", ["results/m/base/generations.parquet", "results/" + "long/" * 80 + "x"])
def test_marks_have_the_names_that_snakemake_gives_them(tmp_path, name):
    (tmp_path / "incomplete").mkdir()
    written = FilePersistence.__new__(FilePersistence)
    written._max_len = None
    written._io_write(str(tmp_path / "incomplete"), {}, name)
    assert list(marked(tmp_path)) == [name]


def test_a_living_run_is_that_command_in_this_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = read_run(log(tmp_path))
    processes = tmp_path / "proc"

    def living(number: int, where: Path, *words: str) -> None:
        folder = processes / str(number)
        folder.mkdir(parents=True)
        (folder / "cmdline").write_text("\0".join(words) + "\0")
        (folder / "cwd").symlink_to(where)

    options = ("--cores", "2", "--", "results/m/table.csv")
    living(1, Path("/"), "python", "bin/snakemake", *options)
    living(2, tmp_path, "python", "bin/snakemake", "--dry-run", "--", "results/m/table.csv")
    living(3, tmp_path, "python", "workflow/scripts/x.py", *options)
    assert process(run, processes) is None
    living(4, tmp_path, "python", "-m", "snakemake", *options)
    assert process(run, processes) == 4


def test_configuration_files_with_quotes_in_their_names(tmp_path):
    path = log(tmp_path)
    names = [Path("/p/it's $x.yaml"), Path('/p/"a" b.yaml'), Path('/p/it\'s "b".yaml'), "config/config.yaml"]
    path.write_text(
        path.read_text().replace(path.read_text().split("Config file(s): ")[1].splitlines()[0], str(names))
    )
    assert read_run(path).configfiles == names[:3]


def test_a_process_whose_words_hold_spaces(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "processes" / "12"
    folder.mkdir(parents=True)
    (folder / "cmdline").write_text(
        "python\0bin/snakemake\0--configfile\0my config.yaml\0--\0results/table.csv\0"
    )
    (folder / "cwd").symlink_to(tmp_path)
    command = "bin/snakemake --configfile my config.yaml -- results/table.csv"
    assert process(read_run(log(tmp_path, command=command)), tmp_path / "processes") == 12
