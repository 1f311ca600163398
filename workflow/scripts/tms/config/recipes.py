"""Recipes: methods that learn in the same way, which count as one where methods are points (RQ6)."""

from collections.abc import Sequence

from tms.config import study
from tms.config.stages.mixture import mixture_weights
from tms.config.stages.train import scaled_rate


def recipes(config: dict, model: str, names: Sequence[str]) -> dict[str, str]:
    """Recipe of each method: the first method that learns in the same way from the same run.

    The same are kind, learning rate, loss, trajectory, whether adapters are trained, whether general prompts
    and the teacher's answers are among the targets, and which checkpoints are: a mixture of several (any
    windows, T or weights), or a certain one alone. So a sweep over alpha, T, windows or ranks is one recipe.
    Alpha = 0, alpha = 1 and each single checkpoint are recipes of their own: they learn from something else.
    The averages of a recipe's runs with the base are one, too.

    Args:
        config: the whole configuration.
        model: name of the model.
        names: methods; of a recipe the first one gives its name.
    """
    first: dict[tuple, str] = {}
    return {name: first.setdefault(_key(config, model, name), name) for name in names}


def _key(config: dict, model: str, method: str) -> tuple:
    kind = config["methods"][method]["kind"]
    if method in study.averages(config):
        return kind, *_key(config, model, study.trained(config, method))
    training = study.section(config, "training", model, method)
    on_policy = method in study.on_policy(config)
    rates = study.section(config, "on_policy", model, method) if on_policy else training
    given = (training.get("lora"), study.replay(config, model, method))
    learned = (kind, scaled_rate(rates, training), *(one is not None for one in given))
    if on_policy:
        return *learned, rates.get("divergence")
    if method not in study.students(config):
        return learned
    mixed = mixture_weights(config, model, method)
    held = [point for point, weight in zip(mixed.points, mixed.weights, strict=True) if weight > 0]
    share = mixed.alpha if mixed.alpha in (0, 1) else "some"
    trajectory = study.section(config, "tms", model, method)["trajectory"]
    loss = study.loss(config, model, method)
    return *learned, loss, trajectory, share, held[0] if len(held) == 1 else "several"
