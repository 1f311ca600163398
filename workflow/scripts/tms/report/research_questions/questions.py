"""The paper's research questions, and the verdict that a model's cells give on each.

Verdicts are `supported`, `contradicted`, `indistinguishable` (no difference, or differences that point both
ways) and `described` (too few units for a test), each with `for this run` where there is one seed;
`inconclusive over seeds` (other seeds may turn it); and `not measured`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tms.config.suite import Suite
from tms.report.cell_lookup import CellLookup, NotMeasuredError
from tms.report.model_info import ModelInfo
from tms.report.research_questions import mechanism, outcome, pilots, sentences, sweeps
from tms.report.research_questions.decisions import NOT_MEASURED, Finding


@dataclass(frozen=True)
class Question:
    """One question and how its verdict is reached.

    Args:
        name: `Frontier`, or the paper's number.
        topic: in a word or two.
        text: the question, in the paper's words where it is the paper's.
        claim: what a verdict of `supported` says.
        rule: when it is supported and when contradicted, for readers; `decide` applies it.
        decide: the rule as code, given the cells of the model, or those of each where it is about several.
        across: whether it is about several models.
    """

    name: str
    topic: str
    text: str
    claim: str
    rule: str
    decide: Callable[..., Finding]
    across: bool = False


QUESTIONS = (
    Question(
        "Frontier",
        "Frontier control",
        "Does TMS's accuracy-forgetting front lie above SFT's, when both are tuned alike?",
        "TMS's front dominates a larger area from the reference point than SFT's.",
        "Supported: the area between TMS's front and a fixed reference point is larger than SFT's (p "
        "< 0.05). Contradicted: smaller. Both sides have as many points, learning rates and own "
        "checkpoints included; points are selected on one half of the test examples and measured on "
        "the other. Further sides decide nothing.",
        outcome.frontier,
    ),
    Question(
        "RQ1",
        "Target performance",
        "Does TMS outperform standard SFT on the trained (in-domain) target task under matched compute?",
        "TMS is more accurate than SFT on the tasks that it is trained on.",
        "Supported: TMS is above SFT on a target (or a view of one), no loss on another could be shown, and "
        "other seeds lose none by 2 points. Contradicted: the reverse.",
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
        "lies above -2 points, in target mean and in F (all have to, so they need no correction). "
        "Contradicted: a difference is below -2 points, p < 0.05 with Holm's correction over them. TRAPO "
        "stands beside it and decides nothing: it learns from the teacher's answers too.",
        outcome.parity,
    ),
    Question(
        "RQ4",
        "Beyond self-distillation",
        "Are TMS gains explained by simple self-distillation (one checkpoint) or does the trajectory "
        "mixture provide additional benefit?",
        "The mixture of checkpoints is better than any single one.",
        "A method dominates another where it is above in target mean or F, p < 0.05, and loses nothing "
        "in the other: no difference is below, and its 95 % interval lies above -2 points. Supported: "
        "the mixture dominates each single checkpoint with the same share of teacher's answers. "
        "Contradicted: one of these dominates the mixture. TMS beside Self-, Final- and iterative SFT, "
        "the paper's comparison, decides nothing: TMS holds teacher's answers and they hold none.",
        outcome.mixture,
    ),
    Question(
        "RQ5",
        "Task dependence",
        "When does TMS help most: which task properties (e.g., non-unique solutions vs. rigid "
        "formats) predict larger gains?",
        "TMS helps most where a problem has many right solutions.",
        "Rank correlation over the targets of TMS's gain over SFT, in the target's score and in F, with "
        "the mean number of distinct solutions among the base's right samples, over the prompts that it "
        "solves at least once. A solution is the working's operations and numbers in their order; where a "
        "grader judges whole responses, the response; multiple choice has none. Exact permutation tests with "
        "Holm's correction need 5 targets. Supported: one correlation is positive and none negative. "
        "Contradicted: the reverse. Fewer targets are described and not tested.",
        mechanism.task_dependence,
    ),
    Question(
        "RQ6",
        "Mechanistic law",
        "When we compute (i) KL-to-base on new-task prompts, (ii) PLD to the supervision distribution "
        "of each method, and (iii) forgetting on the held-out suite, do KL/PLD reliably predict "
        "forgetting, and does TMS shift the Pareto frontier relative to SFT?",
        "KL to the base and PLD predict how much is forgotten.",
        "Supported: the rank correlation with the magnitude of forgetting is positive for KL and for "
        "PLD to the references (within the SFT family), and no sign turns without any one recipe or "
        "within the runs on one task. Contradicted: one is negative, none positive, and no sign turns. "
        "Methods that learn in the same way from the same run (variants in alpha, T or windows) are "
        "one recipe and count once; permutation tests over recipes with Holm's correction over the "
        "two, which need 5 recipes. PLD to a method's own supervision holds that supervision's entropy "
        "and decides nothing. Whether the front moves is the frontier control's question.",
        mechanism.mechanism,
    ),
    Question(
        "RQ7",
        "Scaling",
        "How do TMS effects vary with model scale, in both target performance and retention?",
        "At every scale TMS forgets less than SFT, and loses at most 2 points on the targets.",
        "Supported: for each model TMS's F is nearer to 0 than SFT's, p < 0.05, and the 95 % "
        "interval of the difference in target mean lies above -2 points, with no difference "
        "below (all have to, so they need no correction). Contradicted: for a model TMS forgets more, or "
        "is below on the targets while the interval of the difference in F lies below 2 points.",
        mechanism.scale,
        across=True,
    ),
    Question(
        "RQ8",
        "Alignment and safety retention",
        "Does TMS better preserve helpfulness and safety behavior than SFT on held-out "
        "alignment/safety benchmarks?",
        "TMS is safer than SFT.",
        "Supported: TMS is above SFT on SafetyBench or in 1 - attack success, no loss in another could be "
        "shown, and other seeds lose none by 2 points. Contradicted: the reverse. Over-refusal stands beside "
        "it and decides nothing.",
        outcome.safety,
    ),
    Question(
        "RQ9",
        "Window vs uniform",
        "Which parts of the training trajectory matter most: does concentrating TMS on an "
        'intermediate "window" outperform uniform sampling for retention at matched target accuracy?',
        "The middle window retains more than uniform sampling at the same target accuracy.",
        "Supported: the middle window's mean retention at matched target accuracy is higher than "
        "uniform sampling's, p < 0.05 with Holm's correction over the windows. Contradicted: lower. "
        "Retention there is interpolated between theta_0 and the checkpoints that all windows have "
        "evaluated.",
        sweeps.windows,
    ),
    Question(
        "RQ10",
        "Effect of T",
        "Does increasing the number of checkpoints T improve TMS by capturing more diverse solution "
        "modes, or hurt by injecting early noisy supervision, and where is the optimal T?",
        "A moderate T (8 to 10) is best.",
        "On target mean and transfer, as in Figure 4. Supported: T = 10 dominates the smallest T of "
        "the sweep, and no T outside 8 to 10 dominates T = 10. Contradicted: one does. To dominate is to be "
        "above in one, p < 0.05, and to lose nothing in the other: no difference is below, and its 95 % "
        "interval lies above -2 points.",
        sweeps.checkpoints,
    ),
    Question(
        "RQ11",
        "Images",
        "Does trajectory-mixed supervision extend to a multimodal setting, improving retention and reducing "
        "drift relative to standard SFT in a single-model pilot?",
        "On questions about images TMS is better than SFT.",
        "Supported: TMS dominates SFT in target mean and F, as in RQ4. Contradicted: SFT dominates TMS. GRPO "
        "stands beside them and decides nothing; what drifts is RQ6's question.",
        pilots.images,
    ),
    Question(
        "RQ12",
        "Tool use",
        "Does TMS extend to a small multi-step tool-use setting, preserving the same KL/PLD-forgetting "
        "trends observed in single-turn tasks?",
        "Where calls of tools are learned TMS is better than SFT.",
        "Supported: TMS dominates SFT in target mean and F, as in RQ4. Contradicted: SFT dominates TMS. GRPO "
        "stands beside them and decides nothing; KL and PLD are RQ6's question.",
        pilots.tools,
    ),
    Question(
        "TrSFT",
        "TMS with the TrSFT loss",
        "Does TRAPO's TrSFT loss, which follows the references less where the model finds them unlikely, "
        "add to TMS? (Neither paper tries it.)",
        "TMS with the TrSFT loss is better than TMS and than TrSFT.",
        "Supported: it dominates both, as in RQ4. Contradicted: one of them dominates it.",
        outcome.combination,
    ),
)


def answer(cells: list[dict], suite: Suite, model: str | None) -> list[dict]:
    """Verdicts on the questions from a model's cells, in the order in which a report shows them.

    Args:
        cells: of all experiments of the model; of other models too where RQ7 is to be answered.
        suite: the model's benchmarks.
        model: whose verdicts on all questions; None: those on the questions about several models alone.

    Returns:
        One dictionary a question: id, topic, question, claim, rule; verdict, sentence, evidence and
        differences (`decisions.Finding`); and the cells that were looked up (their columns that are not
        empty).
    """
    used: dict[int, dict] = {}
    names = dict.fromkeys([*(cell["model"] for cell in cells), *([model] if model else [])])
    lookups = {name: CellLookup(ModelInfo(name, {}, suite, {}), cells, used) for name in names}
    answers = []
    for question in QUESTIONS:
        if model is None and not question.across:
            continue
        used.clear()
        try:
            finding = question.decide(*(lookups.values() if question.across else [lookups[model]]))
        except NotMeasuredError as missing:
            told = sentences.not_measured(str(missing))
            finding = Finding(NOT_MEASURED, told, f"Not measured: {missing}.")
        answers.append(
            {
                "id": question.name,
                "topic": question.topic,
                "question": question.text,
                "claim": question.claim,
                "rule": question.rule,
                **finding._asdict(),
                "cells": [
                    {name: x for name, x in cell.items() if x not in ("", None)} for cell in used.values()
                ],
            }
        )
    return answers
