"""Print wall time and peak memory of each stage of the last run, from the files that Snakemake's rules wrote.

Usage, from the repository's root: python benchmarks/stages.py [--folder logs/benchmarks]
"""

import argparse
import csv
from pathlib import Path


def stage_rows(folder: Path) -> list[tuple[str, int, float, float, float]]:
    """One row a stage: name, jobs, seconds in all, seconds of the longest job, peak memory (MB)."""
    found = []
    for stage in sorted(path for path in folder.iterdir() if path.is_dir()):
        jobs = []
        for file in stage.rglob("*.tsv"):
            with file.open(newline="") as stream:
                jobs += list(csv.DictReader(stream, delimiter="\t"))
        seconds = [float(job["s"]) for job in jobs]
        memory = [float(job["max_rss"]) for job in jobs if job["max_rss"] not in ("-", "NA")]
        found.append((stage.name, len(jobs), sum(seconds), max(seconds), max(memory, default=0.0)))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--folder", type=Path, default=Path("logs/benchmarks"), help="where the rules write them"
    )
    folder = parser.parse_args().folder
    if not folder.is_dir():
        parser.error(f"{folder}: no such folder; run the workflow first")
    print("| stage | jobs | seconds, all jobs | seconds, longest | peak memory, MB |")
    print("| --- | --- | --- | --- | --- |")
    for name, jobs, total, longest, memory in stage_rows(folder):
        print(f"| {name} | {jobs} | {total:.0f} | {longest:.0f} | {memory:.0f} |")


if __name__ == "__main__":
    main()
