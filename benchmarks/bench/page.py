"""docs/results/bench.md: the table of all measurements; what stands outside of the marks is hand-written."""

import re
from statistics import median

MARKED = re.compile(r"(<!-- measured -->\n).*(?=<!-- end of measured -->)", re.DOTALL)
HEAD = [
    "| work | peer | size | CPU time, product / peer (spread) | speed | wall time | memory | CPU s | peak MB "
    "| first | reach |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
]
RUNS = [
    "| work | command | threads | load | versions | commit, date | turns |",
    "| --- | --- | --- | --- | --- | --- | --- |",
]
AT_LEAST = ["speed"]  # of the quantities that a row may have to reach; the others are upper bounds


def document(text: str, rows: list[dict]) -> str:
    """The page with its measured part made anew.

    Args:
        text: the page as it is; `<!-- measured -->` and `<!-- end of measured -->` stand around that part.
        rows: contents of docs/results/bench/*.json.
    """
    machines = sorted({_machine(row["machine"]) for row in rows})
    table = [line for row in rows for line in lines(row)]
    runs = [_run(row) for row in rows]
    parts = ["\n".join([*HEAD, *table]), "\n".join([*RUNS, *runs]), f"Machine: {'; '.join(machines)}."]
    return MARKED.sub(lambda match: match[1] + "\n\n".join(parts) + "\n", text)


def lines(row: dict) -> list[str]:
    """The table's lines of a row, one a size."""
    return [_line(row, size, last=size == list(row["sizes"])[-1]) for size in row["sizes"]]


def summary(sides: dict) -> dict[str, list[float]]:
    """Each quantity of a row's size, by turn: those of the product, and ratios of turns side by side."""
    product, peer = sides["product"], sides.get("peer", [])
    found = {
        "seconds": [turn["cpu"] for turn in product],
        "megabytes": [turn["megabytes"] for turn in product],
    }
    pairs = list(zip(product, peer, strict=False))
    if pairs:
        found["time"] = [ours["cpu"] / theirs["cpu"] for ours, theirs in pairs]
        found["speed"] = [1 / ratio for ratio in found["time"]]
        found["wall"] = [ours["wall"] / theirs["wall"] for ours, theirs in pairs]
        found["memory"] = [ours["megabytes"] / theirs["megabytes"] for ours, theirs in pairs]
    return found


def reached(row: dict, quantity: str) -> bool:
    """Whether the row's last size keeps to an aim, by the median of its turns; "growth": all sizes do."""
    sizes, aim = row["sizes"], row["reach"][quantity]
    value = growth(sizes) if quantity == "growth" else median(summary([*sizes.values()][-1])[quantity])
    return value >= aim if quantity in AT_LEAST else value <= aim


def growth(sizes: dict[str, dict]) -> float:
    """CPU seconds of the last size as times the first one's, by times its size: 1 is linear, less below."""
    (first, start), *_, (last, end) = sizes.items()
    seconds = [median(summary(sides)["seconds"]) for sides in (start, end)]
    return seconds[1] / seconds[0] / (int(last) / int(first))


def _line(row: dict, size: str, last: bool) -> str:
    sides = row["sizes"][size]
    found = summary(sides)

    def ratio(name: str, spread: bool = False) -> str:
        if name not in found:
            return ""
        values = found[name]
        return f"{median(values):.2f}" + (f" ({min(values):.2f}-{max(values):.2f})" if spread else "")

    def of_sides(key: str) -> str:
        return ", ".join(_figure(median(turn[key] for turn in turns)) for turns in sides.values())

    aims = []
    for quantity, aim in row["reach"].items() if last else ():
        sign = ">=" if quantity in AT_LEAST else "<="
        aims.append(f"{quantity} {sign} {aim:g}: {'yes' if reached(row, quantity) else '**no**'}")
    cells = [row["work"], row["peer"] or "-", f"{int(size):,}" if size else ""]
    cells += [ratio("time", True), ratio("speed"), ratio("wall"), ratio("memory")]
    cells += [of_sides("cpu"), of_sides("megabytes"), row["first"] if last else "", "; ".join(aims)]
    return f"| {' | '.join(cells)} |"


def _figure(value: float) -> str:
    return f"{value:.3g}" if value < 1000 else f"{value:,.0f}"


def _machine(facts: dict) -> str:
    return f"{facts['processor']}, {facts['cores']} cores, {facts['memory_gb']:g} GB, {facts['system']}"


def _run(row: dict) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in row["versions"].items())
    turns = len(next(iter(row["sizes"].values()))["product"])
    cells = [row["work"], f"`{row['command']}`", row["threads"], row["load"], versions]
    cells += [f"{row['commit']}, {row['date']}", turns]
    return f"| {' | '.join(map(str, cells))} |"
