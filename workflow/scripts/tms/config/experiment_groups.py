"""Groups of the config's experiments, by what they measure."""

# Methods stand beside each other, with a summary of each one's runs; the others have programs of their own.
SUMMARISED = ("main", "mixture", "windows", "checkpoints", "alpha", "averages", "rivals")
POINTS_OF = ("windows", "frontier", "mismatch")  # look at a run's own checkpoints
