"""Faults of data: a line each, in the order of the file, the first of them and the number of the others."""

LISTED = 20


class Findings:
    """Faults of one file or hub split.

    Args:
        name: of the file or data set.
        unit: line or row.
    """

    def __init__(self, name: str, unit: str = "line"):
        self.name, self.unit = name, unit
        self.count = 0
        self._first: list[tuple[int, int, str]] = []

    def add(self, place: int, text: str) -> None:
        """Note a fault at a line or row; 0 is the whole file."""
        self.count += 1
        self._first.append((place, self.count, text))
        if len(self._first) > 2 * LISTED:
            self._first = sorted(self._first)[:LISTED]

    @property
    def lines(self) -> list[str]:
        """The first `LISTED` faults, then how many more there are."""
        first = sorted(self._first)[:LISTED]
        lines = [
            f"{self.name}{f', {self.unit} {place}' if place else ''}: {text}" for place, _, text in first
        ]
        if self.count > len(first):
            lines.append(f"{self.name}: and {self.count - len(first)} more; correct these first")
        return lines
