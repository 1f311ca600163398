"""The kinds of methods: what each trains on, which settings it reads, and how readers see it.

A new kind is an entry here and, where it is on-policy, a module of its name in `tms/on_policy`.
"""

from dataclasses import dataclass

from tms.mixture.checkpoints import BASE, FINAL

# What a method trains on: the teacher's verified answers; a mixture of them with completions of checkpoints;
# completions that the policy itself samples as it learns; nothing: it averages weights that are there.
REFERENCES, MIXTURE, SAMPLES, WEIGHTS = "references", "mixture", "samples", "weights"


@dataclass(frozen=True)
class MethodKind:
    """A kind of method.

    Args:
        trains_on: `REFERENCES`, `MIXTURE`, `SAMPLES` or `WEIGHTS`.
        label: its name in tables and figures.
        about: what it is, as the first line of a model card.
        colour, marker, line, hatch: its look in figures, in matplotlib's terms.
        loss: on references: a module of `tms/training/losses`. (A mixture's is the setting `tms.loss`.)
        replays: on references: whether a share of the visits are general prompts, whatever its entry says.
        point: of a mixture: the one checkpoint that writes every target; None where `tms` weighs several.
        iterative: of a mixture: whether each round harvests the student of the round before.
        rollouts: on samples: completions of each prompt and visit; None where `on_policy.samples` says so.
        keys: on samples: keys of `on_policy` that the algorithm reads beside those of all.
        training_keys: on samples: such keys of `training`; without warmup the learning rate is constant.
        references: on samples: the part that references play, for a model card.
        own_share: on samples: share of a rollout that the policy writes itself, for estimates.
        rewarded: on samples: whether it learns from a grader's scores.
        taught: on samples: whether it learns from the distribution of the teacher's model.
        tools: whether it takes tasks whose rows have tools; not where rollouts begin with a reference, or a
            teacher reads one.
    """

    trains_on: str
    label: str
    about: str
    colour: str
    marker: str | tuple[int, int]
    line: str | tuple
    hatch: str
    loss: str = "nll"
    replays: bool = False
    point: str | None = None
    iterative: bool = False
    rollouts: int | None = None
    keys: tuple[str, ...] = ()
    training_keys: tuple[str, ...] = ("warmup",)
    references: str = "which say only what prompts are trained on"
    own_share: float = 1.0
    rewarded: bool = True
    taught: bool = False
    tools: bool = True

    @property
    def mixes(self) -> bool:
        """Whether its targets come from checkpoints that the settings weigh."""
        return self.trains_on == MIXTURE and self.point is None

    @property
    def on_rows(self) -> bool:
        """Whether it trains on targets that are there before training begins."""
        return self.trains_on in (REFERENCES, MIXTURE)


# Kinds that share a figure most often are far apart in lightness too, for readers of a grey print. The
# colours are Okabe and Ito's, made for colour-blind readers, and some of Tol's muted palette.
KINDS = {
    "sft": MethodKind(
        trains_on=REFERENCES,
        label="SFT",
        about="Supervised fine-tuning on reference answers: the baseline of Trajectory-Mixed Supervision.",
        colour="#E69F00",
        marker="s",
        line="--",
        hatch="//",
    ),
    "trsft": MethodKind(
        trains_on=REFERENCES,
        loss="trsft",
        label="TrSFT",
        about="TrSFT: supervised fine-tuning on reference answers with the trust-region loss of TRAPO.",
        colour="#999933",
        marker="h",
        line=(0, (6, 1, 2, 1)),
        hatch="oo",
    ),
    "replay": MethodKind(
        trains_on=REFERENCES,
        replays=True,
        label="Replay",
        about="Replay: supervised fine-tuning on reference answers, where a share of the visits are general "
        "prompts with the base model's own answers.",
        colour="#44AA99",
        marker="p",
        line=(0, (3, 1, 1, 1, 1, 1)),
        hatch="OO",
    ),
    "dft": MethodKind(
        trains_on=REFERENCES,
        loss="dft",
        label="DFT",
        about="Dynamic Fine-Tuning: supervised fine-tuning on reference answers, where each token's loss is "
        "weighted by the probability that the model gives the token.",
        colour="#CC6677",
        marker="8",
        line=(0, (5, 2, 1, 2)),
        hatch="xx..",
    ),
    "kl_sft": MethodKind(
        trains_on=REFERENCES,
        loss="kl",
        label="KL-SFT",
        about="KL-SFT: supervised fine-tuning on reference answers with a term that keeps the model's "
        "distribution close to the base's (learning without forgetting).",
        colour="#117733",
        marker="*",
        line=(0, (3, 2, 1, 2, 1, 2)),
        hatch="++..",
    ),
    "tms": MethodKind(
        trains_on=MIXTURE,
        label="TMS",
        about="Trajectory-Mixed Supervision: each visit of a prompt takes the reference answer with "
        "probability alpha, else what a checkpoint of an earlier fine-tuning run wrote.",
        colour="#0072B2",
        marker="o",
        line="-",
        hatch="",
    ),
    "self_sft": MethodKind(
        trains_on=MIXTURE,
        point=BASE,
        label="Self-SFT",
        about="Self-SFT: fine-tuning on answers that the base model itself wrote.",
        colour="#CC79A7",
        marker="^",
        line="-.",
        hatch="..",
    ),
    "final_sft": MethodKind(
        trains_on=MIXTURE,
        point=FINAL,
        label="Final-SFT",
        about="Final-SFT: fine-tuning on answers that the converged fine-tuned model wrote.",
        colour="#D55E00",
        marker="v",
        line=(0, (5, 1, 1, 1, 1, 1)),
        hatch="\\\\",
    ),
    "iterative_sft": MethodKind(
        trains_on=MIXTURE,
        point=FINAL,
        iterative=True,
        label="Iterative SFT",
        about="Iterative SFT: fine-tuning on answers that the student of the round before wrote.",
        colour="#999999",
        marker="P",
        line=(0, (1, 1)),
        hatch="++",
    ),
    "grpo": MethodKind(
        trains_on=SAMPLES,
        keys=("beta",),
        label="GRPO",
        about="GRPO: reinforcement learning on the model's own answers with a grader's score as reward, "
        "relative to the other answers to the same prompt.",
        colour="#009E73",
        marker="D",
        line=(0, (7, 2)),
        hatch="xx",
    ),
    "reinforce": MethodKind(
        trains_on=SAMPLES,
        rollouts=1,
        keys=("baseline_decay",),
        label="REINFORCE",
        about="REINFORCE: reinforcement learning on the model's own answers with a grader's score as "
        "reward, relative to a moving average of rewards.",
        colour="#56B4E9",
        marker="<",
        line=(0, (3, 1, 1, 1)),
        hatch="--",
    ),
    "trapo": MethodKind(
        trains_on=SAMPLES,
        rollouts=8,
        keys=("entropy_bonus",),
        training_keys=("trsft_floor",),
        references="whose beginnings are given, and learned, where a prompt needs them",
        # Groups of 4, 2, 1 and 1, where every one begins with the prefix that its group can have.
        own_share=(4 + 2 * 0.75 + 0.5) / 8,
        label="TRAPO",
        about="TRAPO: reinforcement learning on answers that begin with as much of a verified one as a "
        "prompt needs, with a grader's score as reward, and a supervised loss on that beginning.",
        colour="#882255",
        marker=">",
        line=(0, (2, 2)),
        hatch="||",
        tools=False,
    ),
    "sdft": MethodKind(
        trains_on=SAMPLES,
        rollouts=1,
        rewarded=False,
        keys=("divergence", "sdft_template", "teacher_average"),
        references="which the model reads in its prompt where it is its own teacher",
        label="SDFT",
        about="SDFT, self-distillation fine-tuning: training on the model's own answers towards what it "
        "would write if it read the reference answer.",
        colour="#AA4499",
        marker="H",
        line=(0, (3, 1)),
        hatch="//..",
        tools=False,
    ),
    "distill": MethodKind(
        trains_on=SAMPLES,
        rollouts=1,
        rewarded=False,
        taught=True,
        keys=("divergence",),
        references="which say only what prompts are trained on, while the distribution of their writer is "
        "learned at each token",
        label="Distillation",
        about="On-policy distillation (GKD): training on the model's own answers towards the distribution of "
        "the teacher at each of their tokens.",
        colour="#661100",
        marker=(3, 1),
        line=(0, (8, 2, 2, 2)),
        hatch="\\\\..",
        tools=False,
    ),
    "average": MethodKind(
        trains_on=WEIGHTS,
        label="Averaged",
        about="Weight averaging (WiSE-FT): a part of the way from the base's weights to those of a trained "
        "run, without further training.",
        colour="#332288",
        marker="d",
        line=(0, (4, 1, 1, 1)),
        hatch="**",
    ),
}


def names(trains_on: str) -> list[str]:
    """The kinds that train on references, on a mixture, on samples or on nothing (`WEIGHTS`)."""
    return [name for name, kind in KINDS.items() if kind.trains_on == trains_on]
