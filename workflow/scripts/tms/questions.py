"""The paper's research questions, and the verdict that a model's cells give on each.

Verdicts are `supported`, `contradicted`, `indistinguishable` (no difference, or differences that point both
ways) and `not measured`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tms.cells import select
from tms.findings import mechanism, outcome, sweeps
from tms.findings.evidence import NOT_MEASURED, Evidence, Finding, NotMeasuredError
from tms.suite import Suite


@dataclass(frozen=True)
class Question:
    """One question and how its verdict is reached.

    Args:
        name: `Frontier`, or the paper's number.
        topic: in a word or two.
        text: the question, in the paper's words where it is the paper's.
        claim: what a verdict of `supported` says.
        rule: when it is supported and when contradicted, for readers; `decide` applies it.
        decide: the rule as code.
        across: whether it is about several models.
    """

    name: str
    topic: str
    text: str
    claim: str
    rule: str
    decide: Callable[[Evidence], Finding]
    across: bool = False


QUESTIONS = (
    Question(
        "Frontier",
        "Frontier control",
        "Does TMS's accuracy-forgetting front lie above SFT's, when both are tuned alike?",
        "TMS reaches combinations of accuracy and retention that tuning SFT does not.",
        "Supported: the area between TMS's front and a fixed reference point is larger than SFT's (p "
        "< 0.05). Contradicted: smaller. Both sides have as many points, learning rates and own "
        "checkpoints included; points are selected on one half of the test examples and measured on "
        "the other.",
        outcome.frontier,
    ),
    Question(
        "RQ1",
        "Target performance",
        "Does TMS outperform standard SFT on the trained (in-domain) target task under matched compute?",
        "TMS is more accurate than SFT on the tasks that it is trained on.",
        "Supported: TMS is above SFT on a target (or a view of one) and below on none. Contradicted: "
        "the reverse. Paired tests on the same examples with Holm's correction.",
        outcome.target,
    ),
    Question(
        "RQ2",
        "Forgetting",
        "Does TMS reduce catastrophic forgetting on a held-out retention suite relative to standard SFT?",
        "TMS forgets less than SFT.",
        "Supported: TMS's F (at most 0) is nearer to 0 than SFT's, p < 0.05. Contradicted: farther.",
        outcome.forgetting,
    ),
    Question(
        "RQ3",
        "RL parity without rewards",
        "Can TMS match the accuracy-retention tradeoff of on-policy RL baselines without reward "
        "models or verifiers?",
        "TMS is within 2 points of the on-policy methods, in target accuracy and in forgetting.",
        "A test of non-inferiority with a margin of 2 points (the largest gap in retention that the "
        "paper calls near-RL is 1.5). Supported: the 95 % interval of TMS minus each on-policy method "
        "lies above -2 points, in target mean and in F. Contradicted: one lies wholly below.",
        outcome.parity,
    ),
    Question(
        "RQ4",
        "Beyond self-distillation",
        "Are TMS gains explained by simple self-distillation (one checkpoint) or does the trajectory "
        "mixture provide additional benefit?",
        "The mixture of checkpoints is better than any single one.",
        "A method dominates another where it is above in target mean or F and below in neither. "
        "Supported: the mixture dominates each single checkpoint with the same share of teacher's "
        "answers. Contradicted: one of these dominates the mixture. Paired tests on the same examples "
        "with Holm's correction for TMS beside single checkpoints. TMS beside Self- and Final-SFT, "
        "the paper's comparison, decides nothing: TMS holds teacher's answers and they hold none.",
        outcome.mixture,
    ),
    Question(
        "RQ5",
        "Task dependence",
        "When does TMS help most: which task properties (e.g., non-unique solutions vs. rigid "
        "formats) predict larger gains?",
        "TMS helps most where a problem has many right answers.",
        "Rank correlation over the targets of TMS's gain over SFT, in the target's score and in F, "
        "with the mean number of distinct right answers among the base's samples; exact permutation "
        "tests with Holm's correction. Supported: one correlation is positive and none negative. "
        "Contradicted: the reverse.",
        mechanism.task_dependence,
    ),
    Question(
        "RQ6",
        "Mechanistic law",
        "When we compute (i) KL-to-base on new-task prompts, (ii) PLD to the supervision distribution "
        "of each method, and (iii) forgetting on the held-out suite, do KL/PLD reliably predict "
        "forgetting, and does TMS shift the Pareto frontier relative to SFT?",
        "KL to the base and PLD predict how much is forgotten.",
        "Supported: the rank correlation with the magnitude of forgetting is positive (p < 0.05) for KL "
        "and for a reading of PLD (within the SFT family), negative for none, and no sign turns "
        "without any one method or within the runs on one task. Contradicted: one is negative, none "
        "positive, and no sign turns. Whether the front moves is the frontier control's question.",
        mechanism.mechanism,
    ),
    Question(
        "RQ7",
        "Scaling",
        "How do TMS effects vary with model scale, in both target performance and retention?",
        "At every scale TMS forgets less than SFT, without loss on the targets.",
        "Supported: for each model TMS's F is nearer to 0 than SFT's and its target mean is not "
        "below. Contradicted: for a model TMS forgets more, or is below on the targets without "
        "forgetting less.",
        mechanism.scale,
        across=True,
    ),
    Question(
        "RQ8",
        "Alignment and safety retention",
        "Does TMS better preserve helpfulness and safety behavior than SFT on held-out "
        "alignment/safety benchmarks?",
        "TMS is safer than SFT.",
        "Supported: TMS is above SFT on SafetyBench or in 1 - attack success, and below in none. "
        "Contradicted: the reverse. Over-refusal stands beside it and decides nothing.",
        outcome.safety,
    ),
    Question(
        "RQ9",
        "Window vs uniform",
        "Which parts of the training trajectory matter most: does concentrating TMS on an "
        'intermediate "window" outperform uniform sampling for retention at matched target accuracy?',
        "The middle window retains more than uniform sampling at the same target accuracy.",
        "Supported: the middle window's mean retention at matched target accuracy is higher than "
        "uniform sampling's, p < 0.05. Contradicted: lower.",
        sweeps.windows,
    ),
    Question(
        "RQ10",
        "Effect of T",
        "Does increasing the number of checkpoints T improve TMS by capturing more diverse solution "
        "modes, or hurt by injecting early noisy supervision, and where is the optimal T?",
        "A moderate T (8 to 10) is best.",
        "On target mean and transfer, as in Figure 4. Supported: T = 10 dominates the smallest T of "
        "the sweep (above in one, below in neither), and no T outside 8 to 10 dominates T = 10. "
        "Contradicted: one does. Paired tests on the same examples with Holm's correction.",
        sweeps.checkpoints,
    ),
)


def answer(cells: list[dict], suite: Suite, model: str) -> list[dict]:
    """Verdicts on all questions from a model's cells, in the order in which a report shows them.

    Args:
        cells: of all experiments of the model; of other models too where RQ7 is to be answered.
        suite: the model's benchmarks.
        model: whose verdicts.

    Returns:
        One dictionary a question: id, topic, question, claim, rule, verdict, evidence, caution ("" for
        none), and the cells that were looked up (their columns that are not empty).
    """
    found = []
    for question in QUESTIONS:
        evidence = Evidence(cells if question.across else select(cells, model=model), suite)
        try:
            finding = question.decide(evidence)
        except NotMeasuredError as missing:
            finding = Finding(NOT_MEASURED, f"Not measured: {missing}.")
        looked_up = [{name: x for name, x in cell.items() if x not in ("", None)} for cell in evidence.used]
        found.append(
            {
                "id": question.name,
                "topic": question.topic,
                "question": question.text,
                "claim": question.claim,
                "rule": question.rule,
                "verdict": finding.verdict,
                "evidence": finding.evidence,
                "caution": finding.caution,
                "cells": looked_up,
            }
        )
    return found
