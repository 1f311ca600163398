"""Output of a run of Snakemake: in a pipe, on a terminal, with a failed job, after Ctrl-C."""

import os
import pty
import re
import subprocess
import sys

import pytest
from helpers.paths import ROOT

from tms.io.interrupts import ENDING, STOPPED

# Rules with names of the workflow, each of a moment; `draw_tables` may fail, `report` never ends.
SNAKEFILE = f"""
import sys
sys.path.insert(0, {str(ROOT / "workflow/scripts")!r})
from tms.io import interrupts
from tms.status import terminal
interrupts.end_workflow(workflow)
terminal.show(workflow, {{"models": {{}}, "tasks": {{}}}})
rule table:
    input: "a.graded", "b.graded"
    output: "table.csv"
    shell: "touch {{output}}"
rule compare:
    output: "{{name}}.txt"
    log: "logs/compare/{{name}}.log"
    shell: "touch {{output}}"
rule draw_tables:
    input: "{{name}}.txt"
    output: "{{name}}.graded"
    log: "logs/draw_tables/{{name}}.log"
    shell: "(test ! -e {{wildcards.name}}.bad || (echo error: {{wildcards.name}}.bad: no rows, add some >&2;"
        " exit 2); touch {{output}}) 2> {{log}}"
rule report:
    output: "never"
    log: "logs/report/x.log"
    shell: "echo 'train: 3/4 steps (75 %), 1.0 steps/s, 1 s left' > {{log}}; touch begun; exec sleep 600"
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    (tmp_path / "config").symlink_to(ROOT / "config")
    return tmp_path


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "snakemake", "--cores=1", "--keep-going", *words]


@pytest.mark.slow
def test_in_a_pipe_a_failed_job_is_told_and_a_good_run_is_short(folder):
    (folder / "b.bad").touch()
    piped = {"cwd": folder, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    done = subprocess.run(command(), **piped, check=False)
    assert done.returncode == 1
    first, *lines = [line for line in done.stdout.splitlines() if not line.startswith("Assuming")]
    log = re.fullmatch(r"5 jobs in 3 stages; full log: (\.snakemake/log/\S+\.log)", first)[1]
    assert "Error in rule draw_tables" in (folder / log).read_text()
    told = [re.sub(r"\d+ s\b.*", "N s", re.sub(r"^\d", "N", line)) for line in lines]
    # On a busy machine the job fails before the other job of the first stage has ended.
    told.remove("N/5  compare with the paper                2 jobs   N s")
    assert told == [
        "failed: draw the tables (draw_tables)",
        "  logs/draw_tables/b.log",
        "    error: b.bad: no rows, add some",
        "N of 5 jobs failed, 3 done, 1 not run; correct what the lines above name, then",
        "  give the same command again: it goes on from what is stored",
    ]
    (folder / "b.bad").unlink()
    done = subprocess.run(command(), **piped, check=False)
    assert done.returncode == 0
    assert re.findall(r"^(\d/\d  [a-z ]+[a-z])  ", done.stdout, re.M) == [
        "1/2  draw the tables",
        "2/2  table of a model",
    ]
    assert re.search(r"\n2/2  done in \d+ s\n$", done.stdout)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", done.stdout)  # no control character but line ends
    done = subprocess.run(command(), **piped, check=False)
    assert "Nothing to be done" in done.stdout


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_ctrl_c_on_a_terminal_removes_the_bar(folder):
    here, there = pty.openpty()
    subprocess.run(["stty", "cols", "90", "rows", "24"], stdin=there, check=True)
    environment = os.environ | {"TERM": "xterm"}
    settings = {"stdin": there, "stdout": there, "stderr": there, "env": environment}
    # The terminal of its session, so that Ctrl-C reaches it and its jobs.
    run = ["setsid", "--ctty", *command("--nocolor", "never")]
    with subprocess.Popen(run, cwd=folder, **settings) as process:
        os.close(there)
        said = b""
        while b"report (x): 3/4 steps" not in said and process.poll() is None:
            said += os.read(here, 4096)
        os.write(here, b"\x03")
        try:
            while data := os.read(here, 4096):
                said += data
        except OSError:  # the terminal has no more writers
            pass
    os.close(here)
    assert process.returncode != 0 and (folder / "begun").exists()
    text = said.decode()
    assert "1 job in 1 stage; full log: " in text and "\r0/1 " in text
    before, after = text.split(ENDING)
    # The bar was overwritten with blanks, then came the sentence.
    assert re.search(r"\r +\r[^\r]*$", before)
    assert after.split("\r\n")[1:] == [STOPPED, ""]
