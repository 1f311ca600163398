"""How often the verdicts err where methods do not differ, and how often they see a difference, in simulation.

Blocks of simulated studies are kept in the folder, so a run that was stopped goes on where it was. Writes
docs/results/verdicts.md.

Usage, from the repository's root: python benchmarks/verdicts.py FOLDER [--studies 2000] [--processes 2]
"""

import argparse
import json
import multiprocessing
from collections import Counter
from pathlib import Path

import numpy as np
from scipy.special import stdtrit
from simulated_studies import ALONE, QUESTIONS, WORLDS, begin, block

from tms.metrics.statistics import Z
from tms.report.research_questions.decisions import CONTRADICTED, INCONCLUSIVE, SUPPORTED

SPREADS = (0.0, 0.5, 1.0, 2.0)  # deviation of a run, in points
SEEDS = {"equal": (1, 3, 2), "better": (3, 2, 5)}
BLOCK = 250  # studies
PAGE = Path(__file__).with_name("verdicts.md.in").read_text()


def kept_block(job: tuple) -> None:
    """Make a block that the folder does not have."""
    folder, *setting = job
    path = folder / f"{'-'.join(map(str, setting))}.json"
    if not path.exists():
        path.with_suffix(".part").write_text(json.dumps(block(*setting)))
        path.with_suffix(".part").rename(path)


def settings(studies: int) -> list[tuple]:
    """(world, seeds, spread, block, studies): an eighth of the studies with one seed and for power."""
    return [
        (world, seeds, spread, number, BLOCK)
        for world in WORLDS
        for seeds in SEEDS[world]
        for number in range(-(-(studies if world == "equal" and seeds > 1 else studies // 8) // BLOCK))
        for spread in SPREADS
    ]


def totals(folder: Path, block: str = "*") -> dict[tuple, Counter]:
    """The blocks of each setting (world, seeds, spread), added up; those of one number where it is given."""
    found: dict[tuple, Counter] = {}
    for path in sorted(folder.glob(f"*-*-*-{block}-*.json")):
        world, seeds, spread, *_ = path.stem.split("-")
        found.setdefault((world, int(seeds), float(spread)), Counter()).update(json.loads(path.read_text()))
    return found


def share(found: Counter, question: str, verdicts: list[str]) -> str:
    """Studies in which a question had one of some verdicts, in percent."""
    count = sum(
        found[f"{question}: {verdict}{said}"] for verdict in verdicts for said in ("", " for this run")
    )
    return f"{100 * count / found['studies']:.1f}"


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [head, [":--"] + ["--:"] * (len(head) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def verdict_table(
    found: dict[tuple, Counter], world: str, seeds: list[int], verdicts: list[str], alone: bool = True
) -> str:
    """The table of how often questions had some verdicts, over settings; `alone`: with RQ2 as it was."""
    shown = [(number, spread) for number in seeds for spread in SPREADS]
    head = ["verdict", *(f"{number} x {spread:g}" for number, spread in shown)]
    rows = [
        [question, *(share(found[world, *place], question, verdicts) for place in shown)]
        for question in [*QUESTIONS, *([ALONE] if alone else [])]
    ]
    return table(head, rows)


def interval_table(studies: int = 200_000) -> str:
    """How often 95 % intervals leave out the truth, in normal studies of two sources of variance.

    The examples' own effects have a deviation of 0.5 points, a run's noise on the examples 2 points.
    """
    generator = np.random.default_rng(0)
    rows = []
    for seeds in (2, 3, 5):
        for spread in (*SPREADS, 4.0):
            apart = np.hypot(spread * np.sqrt(2), 2.0)  # runs of two methods
            mean = generator.normal(0, 0.5, studies) + generator.normal(0, apart / np.sqrt(seeds), studies)
            between = apart**2 / seeds * generator.chisquare(seeds - 1, studies) / (seeds - 1)
            noise = 2.0**2 / seeds
            examples = 0.5**2 + noise
            quantile = -stdtrit(seeds - 1, 0.025)
            both = examples + between
            halves = {
                "examples": Z**2 * examples,
                "both": Z**2 * examples + quantile**2 * between,
                "satterthwaite": stdtrit((seeds - 1) * (both / between) ** 2, 0.025) ** 2 * both,
                "less noise": Z**2 * examples + quantile**2 * np.maximum(between - noise, 0),
            }
            wrong = [f"{100 * np.mean(mean**2 > half):.1f}" for half in halves.values()]
            rows.append([f"{seeds} x {spread:g}", *wrong])
    head = [
        "seeds x deviation",
        "examples alone",
        "squares of both (used)",
        "Satterthwaite",
        "noise taken out",
    ]
    return table(head, rows)


def document(found: dict[tuple, Counter], first: dict[tuple, Counter]) -> str:
    """The page of results.

    Args:
        found: all blocks.
        first: the first block of each setting.
    """
    either = [SUPPORTED, CONTRADICTED]
    least = min(
        count["studies"] for (world, seeds, _), count in found.items() if world == "equal" and seeds > 1
    )
    power = min(count["studies"] for (world, *_), count in found.items() if world == "better")
    one = [found["equal", 1, spread] for spread in SPREADS]
    beyond = sum(count[f"{name}: {word}"] for count in one for name in QUESTIONS for word in either)
    return PAGE.format(
        intervals=interval_table(),
        errors=verdict_table(found, "equal", [2, 3], either),
        single=verdict_table(found, "equal", [1], either),
        unsettled=verdict_table(first, "equal", [2, 3], [INCONCLUSIVE], alone=False),
        of_open=f"{min(count['studies'] for (world, *_), count in first.items() if world == 'equal'):,}",
        power=verdict_table(found, "better", [2, 3, 5], [SUPPORTED]),
        studies=f"{least:,}",
        of_power=f"{power:,}",
        of_one=f"{min(count['studies'] for count in one):,}",
        beyond=beyond,
    )


def main() -> None:
    """Run what the folder lacks, then write the page."""
    flags = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    flags.add_argument("folder", type=Path, help="where blocks of studies are kept")
    flags.add_argument("--studies", type=int, default=2_000, help="of each setting without a difference")
    flags.add_argument("--processes", type=int, default=2, help="worker processes")
    flags.add_argument("--output", type=Path, default=Path("docs/results/verdicts.md"), help="the page")
    args = flags.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    jobs = [(args.folder, *setting) for setting in settings(args.studies)]
    with multiprocessing.get_context("spawn").Pool(args.processes, begin) as pool:
        for done, _ in enumerate(pool.imap_unordered(kept_block, jobs), start=1):
            print(f"{done} of {len(jobs)} blocks", flush=True)
    args.output.write_text(document(totals(args.folder), totals(args.folder, "0")))


if __name__ == "__main__":
    main()
