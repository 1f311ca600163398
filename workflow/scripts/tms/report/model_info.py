"""The configuration of a model that tables and figures need."""

import json
from dataclasses import dataclass, field

from tms.config.method_kinds import KINDS, SAMPLES
from tms.config.suite import Suite
from tms.io.errors import InputError

NAMED = ("sft", "tms")  # methods that readers see first, or by name
LEADING = ("base", *NAMED)


@dataclass(frozen=True)
class ModelInfo:
    """A model, its experiments and its suite.

    Args:
        model: its name.
        experiments: name -> methods, in row order (`experiments` of the config, those that the model has).
        suite: its benchmarks.
        kinds: method -> kind, for every method of the experiments.
        parameters: size of the model; None where the config does not say.
        settings: rows of Tables 4 and 5, one for each group of target tasks with the same settings.
        scales: method -> the share of the learning rate that it trains at, where that is not all of it.
        sides: side of the experiment frontier -> its methods.
        temperatures: on-policy method of main -> target task -> temperature of its rollouts, where not 1.
        own: method of the frontier -> its own settings in words, e.g. `share 0.5`.
    """

    model: str
    experiments: dict[str, list[str]]
    suite: Suite
    kinds: dict[str, str]
    parameters: float | None = None
    settings: list[dict] = field(default_factory=list)
    scales: dict[str, float] = field(default_factory=dict)
    temperatures: dict[str, dict[str, float]] = field(default_factory=dict)
    sides: dict[str, list[str]] = field(default_factory=dict)
    own: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, model: str, text: str) -> "ModelInfo":
        """Read it from the JSON that the rule's flags hold.

        Raises:
            InputError: it is no JSON, or lacks a key.
        """
        try:
            settings = json.loads(text)
            settings["suite"] = Suite(**settings["suite"])
            return cls(model=model, **settings)
        except (ValueError, TypeError, KeyError) as error:
            raise InputError(f"--models {model}: not the settings of a model as JSON ({error})") from error

    @property
    def methods(self) -> list[str]:
        """The methods of all experiments, each once, in their order."""
        return list(dict.fromkeys(method for chosen in self.experiments.values() for method in chosen))

    def is_on_policy(self, method: str) -> bool:
        """Whether a method trains on completions that the policy itself samples."""
        return KINDS[self.kinds[method]].trains_on == SAMPLES

    def is_on_rows(self, method: str) -> bool:
        """Whether a method trains on targets that are there before training begins."""
        return KINDS[self.kinds[method]].on_rows

    @property
    def on_policy(self) -> list[str]:
        """The on-policy methods of the experiment main, in its order."""
        return [name for name in self.experiments.get("main", []) if self.is_on_policy(name)]
