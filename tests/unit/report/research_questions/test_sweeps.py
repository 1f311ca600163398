"""Verdicts on windows (RQ9) and on T (RQ10)."""

import pytest
from helpers.verdict_cells import (
    CONTRADICTED,
    INDISTINGUISHABLE,
    SUPPORTED,
    measured,
    rows,
    verdict,
    versus_tms,
)


@pytest.mark.parametrize(
    "difference, p_value, expected",
    [
        (0.05, 0.001, SUPPORTED),
        (-0.05, 0.001, CONTRADICTED),
        (0.05, 0.2, INDISTINGUISHABLE),
        (0.05, 0.02, INDISTINGUISHABLE),  # Holm: one of three
    ],
)
def test_windows(difference, p_value, expected):
    where = {"group": "windows", "x": 0.7}
    cells = [
        measured("frontier", method, "retention_matched", value, **where)
        for method, value in (("tms", 0.9), ("tms_mid", 0.9 + difference), ("tms_late", 0.8))
    ]
    for method, quantity, value, p in (
        ("tms_mid", "retention", difference, p_value),
        ("tms_late", "retention", -0.1, 0.5),
        ("tms_mid", "forgetting", -0.1, 0.5),
    ):
        cells.append(
            measured("frontier", method, f"{quantity}_matched.versus_uniform", value, p_value=p, **where)
        )
    outcome, evidence = verdict("RQ9", cells)
    assert outcome == expected
    assert "TMS late 80.0" in evidence and "accuracy of 70.0 %" in evidence
    assert "interpolated, linearly between theta_0 and the checkpoints that all windows have" in evidence


@pytest.mark.parametrize(
    "curve, expected",
    [
        ({2: 0.6, 8: 0.9, 10: 0.7, 12: 0.7}, SUPPORTED),  # T = 8 is moderate too
        ({2: 0.6, 10: 0.7, 12: 0.8}, CONTRADICTED),
        ({2: 0.8, 10: 0.7, 12: 0.7}, CONTRADICTED),
        ({2: 0.7, 10: 0.7, 12: 0.6}, INDISTINGUISHABLE),
    ],
)
def test_checkpoints(curve, expected):
    cells = []
    for size, target in curve.items():
        method = "tms" if size == 10 else f"tms_t{size}"
        cells.append(measured("checkpoints", method, "target_mean", target, x=float(size)))
        cells.append(measured("checkpoints", method, "xfer", -0.1, x=float(size)))
    assert verdict("RQ10", cells)[0] == expected
    # Intervals of +- 40 points show nothing; paired with T = 10, the same numbers decide as before.
    vague = [one | {"ci_low": one["value"] - 0.4, "ci_high": one["value"] + 0.4} for one in cells]
    assert verdict("RQ10", vague)[0] == INDISTINGUISHABLE
    for size, target in curve.items():
        if size != 10:
            value = target - curve[10]
            vague.append(
                versus_tms("checkpoints", f"tms_t{size}", "target_mean", value, 0.001 if value else 1.0)
            )
            vague.append(versus_tms("checkpoints", f"tms_t{size}", "xfer", 0.0, 1.0))
    assert verdict("RQ10", vague)[0] == expected
    assert all(row["paired"] for row in rows("RQ10", vague).values())
