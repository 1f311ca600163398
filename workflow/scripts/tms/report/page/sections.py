"""Order of the report: which drawing is open in a section, what is folded, what only the files hold."""

from dataclasses import dataclass, field

from tms.report.page.content import Drawing
from tms.report.page.difference_table import differences
from tms.report.page.page_tables import PageTable

# Sections: id, title, text, and the drawings and tables in it; the first one drawn stands open.
# What is named nowhere comes last.
LAYOUT = (
    ("scores", "Scores", "", ("figure3", "measures", "table6", "table8")),
    (
        "frontier-control",
        "Frontier control",
        "A method that is compared with one untuned baseline can look better than it is: here all sides "
        "have as many settings and own checkpoints each.",
        ("frontier", "choice"),
    ),
    (
        "learning-curves",
        "Learning curves",
        "What SFT and TMS learn and lose along a run.",
        ("learning", "losses", "mismatch", "table1"),
    ),
    (
        "sweeps",
        "Mixtures and sweeps",
        "The teacher's share alpha, the source of the targets, the window of checkpoints and their number T; "
        "averages of weights and further methods.",
        ("alpha", "mixture", "table7", "figure4", "checkpoints", "averages", "rivals"),
    ),
    (
        "mechanism",
        "Drift and forgetting",
        "Forgetting beside the divergence from the base (KL) and from the labels (PLD).",
        ("figure2a", "figure2b", "figure2d", "correlations", "theorem61"),
    ),
    ("diagnoses", "Diversity", "Many samples of each prompt.", ("diversity", "table2", "task_dependence")),
    (
        "on-policy",
        "On-policy training",
        "The methods that learn from a verifier's rewards on what they sample, step by step.",
        ("training",),
    ),
    ("costs", "Costs", "", ("compute", "targets", "table4_5")),
    (
        "paper",
        "Beside the paper",
        "The paper's numbers have no intervals; ours are asked whether they hold the paper's.",
        ("compare",),
    ),
)
# The first screen's drawing: the first of these that was drawn.
FIRST = ("plane", "learning", "losses")
# Tables that stand open, in place of scores where there are none.
OPEN = {"measures"}
# What would stand on the page twice: it -> what shows the same.
TWICE = {"figure2c": "plane", "table3": "scores", "table9": "scores"}
# Drawings and tables that show what a question is about.
SHOWS = {
    "Frontier": ("frontier",),
    "RQ1": ("scores",),
    "RQ2": ("scores", "plane"),
    "RQ3": ("scores", "compute", "training"),
    "RQ4": ("mixture",),
    "RQ5": ("task_dependence",),
    "RQ6": ("figure2a", "figure2b", "figure2d", "correlations"),
    "RQ7": ("figure3",),
    "RQ8": ("table6",),
    "RQ9": ("table7",),
    "RQ10": ("figure4", "checkpoints"),
    "RQ11": ("table8", "plane"),
    "RQ12": ("table8", "plane"),
    "TrSFT": ("scores", "plane"),
}


@dataclass
class Section:
    """A part of the page: tables and a drawing that stand open, and those that open on demand."""

    id: str
    title: str
    text: str = ""
    tables: list[PageTable] = field(default_factory=list)
    drawing: Drawing | None = None
    folded_drawings: list[Drawing] = field(default_factory=list)
    folded_tables: list[PageTable] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """True if it shows nothing."""
        return not (self.tables or self.drawing or self.folded_drawings or self.folded_tables)


def first_drawing(drawn: list[Drawing]) -> Drawing | None:
    """The drawing of the first screen; None where none of `FIRST` was drawn."""
    shown = {part.name: part for part in drawn if part.svg}
    return next((shown[name] for name in FIRST if name in shown), None)


def sections(
    drawn: list[Drawing], written: list[PageTable], leading: dict[str, list[PageTable]]
) -> list[Section]:
    """The page's sections in order, without those that would be empty.

    Args:
        drawn: all figures.
        written: all tables.
        leading: section -> tables that stand open in it.
    """
    first = first_drawing(drawn)
    above = {first.name} if first else set()
    open_tables = {table.name for tables in leading.values() for table in tables}
    hidden = above | {name for name, other in TWICE.items() if other in above | open_tables}
    drawings = {part.name: part for part in drawn if part.svg and part.name not in hidden}
    tables = {table.name: table for table in written if table.name not in hidden}
    placed = {name for *_, members in LAYOUT for name in members}
    others = tuple(sorted((set(drawings) | set(tables)) - placed))
    shown = []
    for identifier, title, text, members in (*LAYOUT, ("others", "More figures and tables", "", others)):
        own = [drawings[name] for name in members if name in drawings]
        own_tables = [tables[name] for name in members if name in tables]
        section = Section(
            identifier,
            title,
            text,
            [*leading.get(identifier, []), *(table for table in own_tables if table.name in OPEN)],
            own[0] if own else None,
            own[1:],
            [table for table in own_tables if table.name not in OPEN],
        )
        if not section.empty:
            shown.append(section)
    return shown


def not_on_the_page(
    drawn: list[Drawing], shown: list[Section], written: list[PageTable]
) -> list[dict[str, str]]:
    """Figures and tables that the page does not show: `title`, and `reason`.

    Args:
        drawn: all figures, drawn or not.
        shown: the page's sections.
        written: all tables.
    """
    left = [{"title": part.title, "reason": f"not drawn: {part.reason}"} for part in drawn if not part.svg]
    on_page = {part.name for section in shown for part in _parts(section)}
    for part in [*(part for part in drawn if part.svg), *written]:
        if part.name in TWICE and part.name not in on_page:
            left.append({"title": part.title, "reason": f"{part.file}: the same numbers in another form"})
    return left


def _parts(section: Section) -> list[Drawing | PageTable]:
    open_drawing = [section.drawing] if section.drawing else []
    return [*section.tables, *section.folded_tables, *open_drawing, *section.folded_drawings]


def questions(answers: list[dict], shown: list[Section], first: Drawing | None) -> list[dict]:
    """Verdicts with the differences behind them as tables, and links to what shows them.

    Args:
        answers: entries of questions.json.
        shown: the page's sections.
        first: the first screen's drawing.
    """
    places = {}
    for part in [*([first] if first else []), *(part for section in shown for part in _parts(section))]:
        # A figure shows more than the table of its name.
        kind = "figure" if isinstance(part, Drawing) else "table"
        if part.name not in places or kind == "figure":
            places[part.name] = (f"{kind}-{part.name}", part.title)
    entries = []
    for answer in answers:
        title = f"Differences behind the verdict on {answer['topic'].lower()}"
        behind = differences(answer["differences"], f"behind-{answer['id'].lower()}", title)
        links = [places[name] for name in SHOWS[answer["id"]] if name in places]
        shows = [{"id": identifier, "title": title} for identifier, title in links]
        entries.append(answer | {"differences": behind, "shows": shows})
    return entries
