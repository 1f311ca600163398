"""Style of all figures: colours, markers, lines and hatches of methods, and settings of matplotlib."""

from dataclasses import dataclass, replace

import matplotlib

from tms.config import method_kinds

# Okabe and Ito's palette, made for colour-blind readers (https://jfly.uni-koeln.de/color/).
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILLION, PURPLE, GREY = "#F0E442", "#0072B2", "#D55E00", "#CC79A7", "#999999"
PAPER, RULE, RULE_DARK, INK = "#FFFFFF", "#D0D0D0", "#8A8A8A", "#1F1F1F"
PNG_DPI = 150
WIDTH = 5.0  # inches: 360 points, so that a figure on a phone's screen has its text at the sizes below
SMALLEST_TEXT = 9  # points

RC = {
    "font.size": 9.5,
    "axes.titlesize": 9.5,
    "axes.labelsize": 9.5,
    "xtick.labelsize": SMALLEST_TEXT,
    "ytick.labelsize": SMALLEST_TEXT,
    "figure.titlesize": 10.5,
    "legend.fontsize": SMALLEST_TEXT,
    "legend.frameon": False,
    "axes.facecolor": "none",
    "axes.edgecolor": "#8A8A8A",
    "axes.grid": True,
    "axes.axisbelow": True,
    "xtick.bottom": False,  # the grid's lines say where a number stands
    "ytick.left": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": "#E6E6E6",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.3,
    "hatch.linewidth": 0.5,
    "axes.unicode_minus": True,
    "svg.fonttype": "none",  # text stays text: it can be searched and read aloud
}
matplotlib.rcParams.update(RC)


@dataclass(frozen=True)
class Style:
    """Colour, marker, line and hatch of a method.

    Colour alone never tells methods apart: each has a marker (filled or open) of its own in a figure.
    """

    colour: str
    marker: str | tuple[int, int]
    line: str | tuple = "-"
    hatch: str = ""
    filled: bool = True
    edge: str = BLACK


def of_kind(kind: str) -> Style:
    """The style of a kind of method."""
    entry = method_kinds.KINDS[kind]
    return Style(entry.colour, entry.marker, entry.line, entry.hatch)


KINDS = {"base": Style(BLACK, "X", ":", "")} | {name: of_kind(name) for name in method_kinds.KINDS}
# Methods of which a figure shows no more than where they lie; their names are in the hover values.
BESIDE = Style("#C4C4C4", "o", "-", "", edge="#8A8A8A")
# Variants of a kind (another learning rate, alpha, window) keep its colour and take the next of these.
VARIANTS = [
    *((marker, False) for marker in ("o", "s", "^", "v", "D", "<", ">", "p", "h", "8", "d", "P")),
    *((marker, False) for marker in ("X", "*", "H")),
    *(((points, 1), filled) for filled in (False, True) for points in (4, 6, 7)),  # stars
]


HATCHES = ["..", "xx", "--", "oo", "||", "**", "++", "//"]


def assign(kinds: dict[str, str]) -> dict[str, Style]:
    """The style of each method, and of the base.

    Args:
        kinds: method -> kind, for every method of a report, in order: a method has one style in all figures.

    Returns:
        Method -> style. The method named as its kind has the kind's own style.
    """
    styles = {"base": KINDS["base"]}
    variants = 0
    for method, kind in kinds.items():
        style = of_kind(kind)
        if method != kind:
            marker, filled = VARIANTS[variants % len(VARIANTS)]
            style = replace(style, marker=marker, filled=filled, hatch=HATCHES[variants % len(HATCHES)])
            variants += 1
        styles[method] = style
    return styles


def lightness(colour: str) -> float:
    """CIE lightness L* (0 black, 100 white) of an sRGB colour: what remains of it in a grey print."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 116 * luminance ** (1 / 3) - 16 if luminance > (6 / 29) ** 3 else luminance * (29 / 3) ** 3
