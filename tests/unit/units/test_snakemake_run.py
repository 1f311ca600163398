"""Runs of Snakemake by the programs that make a study."""

import sys
from pathlib import Path

from tms.units import snakemake_run


def test_it_is_called_back_while_snakemake_runs(monkeypatch, tmp_path):
    """So the time of a unit is kept though its command is killed."""
    seen = tmp_path / "seen"
    waits = f"""
import pathlib, time
while not pathlib.Path({str(seen)!r}).exists():
    time.sleep(0.01)
raise SystemExit(3)
"""
    monkeypatch.setattr(snakemake_run, "COMMAND", (sys.executable, "-c", waits))
    monkeypatch.setattr(snakemake_run, "MINUTE", 0.01)
    calls = []

    def each_minute():
        calls.append(len(calls))
        if len(calls) == 3:
            seen.touch()

    assert snakemake_run.run_snakemake(["all"], [Path("a.yaml")], "1", each_minute) == 3
    assert len(calls) >= 3
