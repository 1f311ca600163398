"""Rounds of iterative SFT: methods that the configuration does not name."""

from tms.config.method_kinds import KINDS

MOST_ROUNDS = 100  # each is a method of its own


def with_rounds(config: dict) -> dict:
    """The configuration with a method for each round of iterative SFT before the last.

    Round 1 trains on what the converged SFT writes, as Final-SFT does, each further round on what the student
    before it writes; every student starts from theta_0. A method that already is such a round is used.
    """
    if not isinstance(config.get("methods"), dict):
        return config  # `check` says what is wrong
    methods = dict(config["methods"])
    for name, entry in config["methods"].items():
        kind = KINDS.get(str(entry.get("kind"))) if isinstance(entry, dict) else None
        if kind is None or not kind.iterative or type(entry.get("iterations")) is not int:
            continue
        if not 1 <= entry["iterations"] <= MOST_ROUNDS or not isinstance(entry.get("tms", {}), dict):
            continue
        settings = {key: value for key, value in entry.items() if key not in ("kind", "iterations")}
        first = {"kind": "final_sft"} | settings
        before = next((other for other, known in config["methods"].items() if known == first), None)
        if before is None and entry["iterations"] > 1:
            before = f"{name}_round1"
            methods[before] = first
        for number in range(2, entry["iterations"] + 1):
            last = number == entry["iterations"]
            tms = settings.get("tms", {}) | {"trajectory": before}
            before = name if last else f"{name}_round{number}"
            methods[before] = settings | {"kind": entry["kind"], "iterations": number, "tms": tms}
    return config | {"methods": methods}
