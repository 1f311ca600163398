"""The health.json of a sound student's run."""

SOUND = {
    "targets": 100,
    "masked": {},
    "planned": {"teacher": 25, "checkpoint 1of2": 40, "checkpoint 1of1": 35},
    "sources": {"teacher": 25, "checkpoint 1of2": 40, "checkpoint 1of1": 35},
    "tokens": {"teacher": 500, "checkpoint 1of2": 800, "checkpoint 1of1": 700},
    "cut": {},
    "ended": {"usual": 40, "longest": 60},
    "limit": 64,
    "alpha": 0.25,
    "steps": 20,
    "empty_steps": 0,
    "losses": [2.0 - step / 10 for step in range(20)],
}
