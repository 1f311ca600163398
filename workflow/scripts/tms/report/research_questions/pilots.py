"""The paper's pilots: whether TMS dominates SFT in calling tools (RQ12) and in reading images (RQ11)."""

from functools import partial

from tms.experiments import labels
from tms.experiments.frontier import PLANE
from tms.report.cell_lookup import CellLookup, NotMeasuredError
from tms.report.research_questions import duels
from tms.report.research_questions.decisions import CONTRADICTED, INDISTINGUISHABLE, SUPPORTED, Finding
from tms.report.research_questions.duels import MAIN, SFT, TMS

FACTS = {
    SUPPORTED: "TMS did better than SFT, without a loss",
    CONTRADICTED: "SFT did better than TMS, without a loss",
    INDISTINGUISHABLE: "Neither TMS nor SFT was shown to be better without a loss",
}
ON_POLICY = "grpo"


def pilot(kind: str, lookup: CellLookup) -> Finding:
    """Supported: TMS dominates SFT on the pilot's targets and in F, as in RQ4. Contradicted: SFT dominates.

    GRPO, which the paper has beside them, decides nothing.

    Args:
        kind: of the suite's pilot, tools or images.
        lookup: the cells of a model.
    """
    suite = lookup.info.suite
    if suite.pilot != kind:
        raise NotMeasuredError(f"the model's suite is no pilot of {kind}")
    lookup.require_methods(MAIN, "sft", "tms")
    rival = (MAIN, ON_POLICY)
    beside = duels.beside(lookup, [(TMS, rival, name) for name in PLANE])
    trained = ", ".join(map(labels.benchmark, suite.target_tasks))
    text = f" Trained on {trained}." + (" GRPO decides nothing." if beside else "")
    return duels.finding(lookup, [(TMS, SFT)], FACTS, text, beside)


tools, images = partial(pilot, "tools"), partial(pilot, "images")
