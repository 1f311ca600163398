"""The page of what the faults found, written from their results."""

from collections import Counter
from pathlib import Path

from torture.kinds import KINDS
from torture.undisturbed import Job

HEAD = """# Injected faults

`make torture` makes a small run once, undisturbed, and then injects faults into copies of it, each as it was
when a random job began. A fault comes at a random moment of that job, in processor seconds of its program.
Then the plain command is given again, and between two commands nothing is done but what their messages say.
`make torture` writes this page; `tests/torture/faults.py` has what each kind does.

This page: {count} faults on a run of {jobs} jobs, up to `{last}`; stages: {stages}.

After each fault has to hold:

- the plain command is enough. A lock that `kill -9` of Snakemake left may ask for `--unlock` (and for the
  `kill` of the job that still runs), a corrupt file for its deletion;
- all that was made equals the undisturbed run's, but for the seconds that it took; {table} of the faults
  were followed to the last output, the others to the outputs of their job;
- no stored row was generated twice (of two runs that share rows at the same moment, rows that both made are
  counted);
- no temporary file and no process is left, and no command printed a traceback;
- a corrupt file, a full disk and a read-only folder are told in a line that names a file.

A fault whose job was over before it came, or that damaged what nothing reads again, is *missed*.

| fault | tried | held | failed | missed | asked for | rows twice |
| --- | --- | --- | --- | --- | --- | --- |
"""


def write(path: Path, results: list[dict], jobs: list[Job]) -> None:
    """Write the page.

    Args:
        path: Markdown file.
        results: records of the faults.
        jobs: of the undisturbed run.
    """
    path.write_text(text(results, jobs))


def text(results: list[dict], jobs: list[Job]) -> str:
    """The page's text."""
    results = sorted(results, key=lambda result: result["number"])
    table = sum(result["to_the_table"] for result in results)
    facts = {"count": len(results), "jobs": len(jobs), "last": jobs[-1].output, "table": table}
    lines = [HEAD.format(**facts, stages=", ".join(dict.fromkeys(job.stage for job in jobs)))]
    for kind, about in KINDS.items():
        lines.append(_row(about.words, [result for result in results if result["kind"] == kind]))
    lines.append(_row("all", results))
    hours = sum(result["seconds"] for result in results) / 3600
    seeds = ", ".join(sorted({str(result["seed"]) for result in results}))
    lines.append(f"\nSeed {seeds}; the faults took {hours:.1f} hours one after the other.\n")
    failed = [result for result in results if result["outcome"] == "failed"]
    lines.append("\n## What failed\n\n" if failed else "\nNone failed.\n")
    for result in failed:
        what = "; ".join([*result["failures"][:3], *result["notes"]]).replace("|", "/").replace("\n", " ")
        at = f"{result['at']} of {result['of']} s"
        where = f"{result['number']}, {result['kind']}, {result['stage']} (`{result['output']}`)"
        lines.append(f"- {where} at {at}: {what}\n")
    return "".join(lines)


def _row(words: str, results: list[dict]) -> str:
    outcomes = Counter(result["outcome"] for result in results)
    told = Counter(remedy for result in results for remedy in result["told"])
    asked = ", ".join(f"{remedy} {count}" for remedy, count in sorted(told.items()))
    twice = sum(result["twice"] for result in results)
    cells = [
        words,
        len(results),
        outcomes["passed"],
        outcomes["failed"],
        outcomes["missed"],
        asked,
        twice or "",
    ]
    return f"| {' | '.join(map(str, cells))} |\n"
