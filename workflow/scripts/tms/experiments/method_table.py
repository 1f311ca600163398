"""Methods of an experiment beside each other: cells with intervals, tests against base, others and best."""

from collections.abc import Mapping

from tms.config.suite import Suite
from tms.metrics.paired_tests import SIGNIFICANCE, holm
from tms.metrics.summary import Bounds, Difference, Summary, difference

BEST, TIED = "best", "tied"
SEEDS = "other seeds may differ"  # tests are about these runs; over seeds, the difference could be 0
Tests = dict[tuple[str, str], tuple[Difference | None, float | None]]  # by method and quantity


def columns(suite: Suite, task: str) -> dict[str, list[str]]:
    """Quantities in which methods are compared, higher being better, with the benchmarks behind each.

    Args:
        suite: the benchmarks and their parts.
        task: of the runs on this task; "" for all.
    """
    return {
        **{name: [name] for name in suite.benchmarks},
        **({} if task else {"target_mean": suite.targets}),
        "retention_mean": suite.retention,
        "xfer": [name for name in suite.targets if name != task],
        "forgetting": suite.retention,
        **({"forgetting_ext": [*suite.retention, *suite.safety]} if suite.safety else {}),
    }


def base_cells(base: Summary, suite: Suite, task: str) -> list[dict]:
    """Cells of theta_0, which forgets nothing and has no transfer (null)."""
    found = []
    for quantity in [*columns(suite, task), *_others(base, suite)]:
        nothing = {"value": None, "ci_low": None, "ci_high": None} if quantity == "xfer" else {}
        found.append(_quantity_cell(base, quantity, suite, task) | {"seeds": None} | nothing)
    return found + _target_cells(found, task)


def method_cells(
    methods: Mapping[str, Summary],
    base: Summary,
    references: Mapping[str, Summary],
    suite: Suite,
    task: str,
) -> list[dict]:
    """Cells of the methods of one table, each with its `method`.

    A quantity has the p-value of the test against the best method of its column, and a mark: `best`, `tied`
    where the two cannot be told apart on these examples, or none. Its note says where the interval over seeds
    of the difference from the best holds 0: the tests are about these runs, whatever other seeds would give.
    `delta.X` (`retention_delta` for the retention benchmarks together) is the difference from theta_0,
    `versus_{reference}.X` that from each reference but the method itself; both have the p-value of the test
    that there is none. The tests against the best, against theta_0 and against each reference are families of
    their own for Holm's correction, each over all methods and columns of the table. In the table of one task,
    its benchmark is given once more as `target`.

    Args:
        methods: the rows, in order.
        base: theta_0.
        references: quantities of the methods to compare with, which need not be rows.
        suite: the benchmarks and their parts.
        task: the table of the runs on this task; "" for all runs.
    """
    compared = list(columns(suite, task))
    best = {name: _best(methods, name) for name in compared}
    pairs = [(method, name) for method in methods for name in compared]
    to_best = _tests(
        methods,
        {pair: methods[best[pair[1]]] for pair in pairs if best[pair[1]] not in (None, pair[0])},
    )
    # Forgetting is 0 for theta_0 by definition, and never above.
    to_base = _tests(methods, {pair: base for pair in pairs if not pair[1].startswith("forgetting")})
    differences = {"delta": to_base} | {
        f"versus_{name}": _tests(methods, {pair: reference for pair in pairs if pair[0] != name})
        for name, reference in references.items()
    }
    found = []
    for method, own in methods.items():
        cells = []
        for name in [*compared, *_others(own, suite)]:
            behind, p_value = to_best.get((method, name), (None, None))
            tied = TIED if p_value is not None and p_value >= SIGNIFICANCE else ""
            cells.append(
                _quantity_cell(own, name, suite, task)
                | {"p_value": p_value, "mark": BEST if method == best.get(name) else tied}
                | {"note": SEEDS if behind and _over_zero(behind.seeds_interval) else ""}
            )
        for prefix, tests in differences.items():
            for name in compared:
                if (method, name) in tests:
                    cells.append(
                        _difference_cell(prefix, name, *tests[method, name]) | _sizes(own, name, suite, task)
                    )
        for name, value in own.floor.items():
            cells.append(_cell(name, value, None, None) | {"seeds": len(own.by_seed)})
        found += [cell | {"method": method} for cell in cells + _target_cells(cells, task, *differences)]
    return found


def _tests(methods: Mapping[str, Summary], others: Mapping[tuple[str, str], Summary]) -> Tests:
    """Compare methods in quantities with another one each, with Holm's correction over all of that."""
    found = {pair: difference(methods[pair[0]], other, pair[1]) for pair, other in others.items()}
    adjusted = holm([one.p_value if one else None for one in found.values()])
    return dict(zip(found, zip(found.values(), adjusted, strict=True), strict=True))


def _difference_cell(prefix: str, name: str, found: Difference | None, p_value: float | None) -> dict:
    quantity = f"{prefix}.{name}".replace("delta.retention_mean", "retention_delta")
    cell = _cell(quantity, None, None, None)
    if found:
        cell = _cell(quantity, found.value, found.interval, found.seeds_interval)
    return cell | {"p_value": p_value}


def _over_zero(bounds: Bounds) -> bool:
    return bounds is not None and bounds[0] < 0 < bounds[1]


def _best(methods: Mapping[str, Summary], quantity: str) -> str | None:
    values = {name: own.values[quantity] for name, own in methods.items() if own.values[quantity] is not None}
    return max(values, key=values.__getitem__) if values else None


def _target_cells(found: list[dict], task: str, *differences: str) -> list[dict]:
    """The cells of a task's own benchmark, its differences too, under the name that all tasks share."""
    names = {task: "target"} | {f"{prefix}.{task}": f"{prefix}.target" for prefix in differences}
    return [
        cell | {"quantity": names[cell["quantity"]]} for cell in found if task and cell["quantity"] in names
    ]


def _others(measured: Summary, suite: Suite) -> list[str]:
    """Other metrics of the benchmarks' rows."""
    return [name for name in measured.items if name not in suite.benchmarks]


def _quantity_cell(measured: Summary, quantity: str, suite: Suite, task: str) -> dict:
    bounds = measured.interval(quantity), measured.seeds_interval(quantity)
    return _cell(quantity, measured.values[quantity], *bounds) | _sizes(measured, quantity, suite, task)


def _cell(quantity: str, value: float | None, interval: Bounds, seeds_interval: Bounds) -> dict:
    low, high = interval or (None, None)
    seeds_low, seeds_high = seeds_interval or (None, None)
    return {
        "quantity": quantity,
        "value": value,
        "ci_low": low,
        "ci_high": high,
        "seeds_low": seeds_low,
        "seeds_high": seeds_high,
    }


def _sizes(measured: Summary, quantity: str, suite: Suite, task: str) -> dict:
    behind = columns(suite, task).get(quantity, [quantity])
    return {"n": sum(measured.items[name][0].n for name in behind), "seeds": len(measured.by_seed)}
