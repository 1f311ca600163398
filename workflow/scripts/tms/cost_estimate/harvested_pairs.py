"""Completions that a harvest generates: those that its plan names, or the expected number of them."""

from pathlib import Path

from tms.config import study
from tms.config.stages.mixture import mixture_weights, samples
from tms.cost_estimate.expected_pairs import distinct_pairs
from tms.cost_estimate.lengths import Lengths
from tms.io import parquet
from tms.mixture.build import pairs
from tms.planned_jobs.jobs import Job


def harvested_pairs(
    config: dict, lengths: Lengths, job: Job, visits: float, train: float, heldout: float
) -> dict[str, tuple[float, float]]:
    """Completions of the training and the held-out prompts, by checkpoint: of the plan, else expected.

    Args:
        config: the whole configuration.
        lengths: which know whether a plan is current.
        job: of the harvest.
        visits: of training prompts in the run.
        train, heldout: prompts of the two splits.
    """
    model, method = job.wildcards["model"], job.wildcards["method"]
    chosen = study.section(config, "harvest", model, method) | {"samples": samples(config, model, method)}
    mixture = mixture_weights(config, model, method)
    everything = train * chosen["samples"] if chosen["mode"] == "full" else None
    plan = next((Path(path) for path in job.input if path.endswith("/plan.parquet")), None)
    if plan and lengths.current(plan):
        drawn = pairs(parquet.read_table(plan, parquet.PLAN)).group_by(["checkpoint", "split"])
        counts = {
            (row["checkpoint"], row["split"]): row["count_all"]
            for row in drawn.aggregate([([], "count_all")]).to_pylist()
        }
        return {
            point: (
                counts.get((point, "train"), 0) if everything is None else everything,
                counts.get((point, "heldout"), 0),
            )
            for point in mixture.points
        }
    expected = distinct_pairs(mixture, visits / train, chosen["samples"], chosen["prompts"])
    once = distinct_pairs(mixture, 1, chosen["samples"])  # a held-out prompt is drawn for once
    return {
        point: (train * expected[point] if everything is None else everything, heldout * once[point])
        for point in mixture.points
    }
