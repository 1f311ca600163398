"""Quantities in which methods are compared, and the benchmarks behind each."""

from tms.config.suite import Suite, tasks_of


def quantities(suite: Suite, task: str = "") -> dict[str, list[str]]:
    """Quantities in which methods are compared, higher being better, with the benchmarks behind each.

    Args:
        suite: the benchmarks and their parts.
        task: of the runs on this target; "" for all.
    """
    scored = suite.scored
    trained = tasks_of(task) if task else []
    targets = [name for name in scored.target_tasks if name in trained or not task]
    of_transfer = {name for names in transfers(suite, task).values() for name in names}
    return {
        **{name: [name] for name in scored.benchmarks},
        **({"target_mean": targets} if len(trained) != 1 else {}),
        "retention_mean": scored.retention,
        "xfer": [name for name in scored.benchmarks if name in of_transfer],
        **{f"forgetting{suffix}": names for suffix, names in kept(suite).items()},
    }


def transfers(suite: Suite, task: str = "") -> dict[str, list[str]]:
    """Benchmarks of transfer for the runs on each target: those whose column is of runs on another one.

    Args:
        suite: the benchmarks and their parts.
        task: of the runs on this target alone; "" for all.
    """
    return {
        target: [name for name in suite.scored.benchmarks if suite.group(name, target) == "transfer"]
        for target in suite.targets
        if task in ("", target)
    }


def kept(suite: Suite) -> dict[str, list[str]]:
    """Benchmarks of the forgetting score, and of the extended one where there are safety sets."""
    core, safety = suite.scored.retention, suite.scored.safety
    return {"": core} | ({"_ext": [*core, *safety]} if suite.safety else {})


def benchmarks_behind(suite: Suite, task: str) -> dict[str, list[str]]:
    """Benchmarks behind each quantity that is computed, the means of retention included."""
    return quantities(suite, task) | {
        f"retention_mean{suffix}": names for suffix, names in kept(suite).items()
    }
