"""A drawn SVG as a page holds it: small, its text read aloud, its points with their values."""

import re
from xml.etree import ElementTree

SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
HREF = f"{{{XLINK}}}href"
NUMBER = re.compile(r"-?\d+\.\d+")
ROUNDED = ("d", "x", "y", "width", "height", "transform")
DIGITS = 1  # of a coordinate: a tenth of a point
FONT = "'DejaVu Sans', Verdana, Arial, sans-serif"
# What every mark inherits; a style sheet of the SVG's own would hold for the whole page around it.
INHERITED = {"font-family": FONT, "stroke-linejoin": "round", "stroke-linecap": "butt"}
LEVEL = re.compile(r"rotate\(-?0(\.0*)? [^)]*\)")


def finish(drawn: bytes, name: str, title: str, caption: str, hovers: dict[str, str]) -> bytes:
    """The SVG with a title and description of the whole and of each point or bar, without what adds weight.

    Args:
        drawn: what matplotlib saved.
        name: prefix of the ids of title and description.
        title, caption: what is read aloud.
        hovers: id of a group -> its text.
    """
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", XLINK)
    root = ElementTree.fromstring(drawn)
    for tag in ("metadata", "defs/style"):
        parent = root if "/" not in tag else root.find(f"{{{SVG}}}defs")
        parent.remove(parent.find(f"{{{SVG}}}{tag.rpartition('/')[2]}"))
    _share_marks(root)
    _flatten(root, hovers)
    for element in root.iter():
        _lighten(element)
        if (text := hovers.get(element.get("id", ""))) is not None:
            _insert(element, 0, "title", {}, text)
    _insert(root, 0, "title", {"id": f"{name}-title"}, title)
    _insert(root, 1, "desc", {"id": f"{name}-desc"}, caption)
    root.attrib |= {"role": "img", "aria-labelledby": f"{name}-title {name}-desc"} | INHERITED
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"


def _insert(parent: ElementTree.Element, place: int, tag: str, attributes: dict, text: str) -> None:
    element = ElementTree.Element(f"{{{SVG}}}{tag}", attributes)
    element.text = text
    parent.insert(place, element)


def _share_marks(root: ElementTree.Element) -> None:
    """Keep one definition of each mark's path; its colours are those of what uses it."""
    first: dict[str, str] = {}  # path -> id
    other: dict[str, str] = {}  # id -> that of the first with the same path
    for parent in root.iter():
        for defs in parent.findall(f"{{{SVG}}}defs"):
            for path in defs.findall(f"{{{SVG}}}path"):
                path.attrib.pop("style", None)
                known = first.setdefault(path.get("d"), path.get("id"))
                other[path.get("id")] = known
                if known != path.get("id"):
                    defs.remove(path)
            if not len(defs):
                parent.remove(defs)
    for element in root.iter(f"{{{SVG}}}use"):
        identifier = element.get(HREF).removeprefix("#")
        element.set(HREF, f"#{other.get(identifier, identifier)}")


def _flatten(parent: ElementTree.Element, hovers: dict[str, str]) -> None:
    """Replace the groups that only group by what is in them."""
    children = []
    for child in list(parent):
        _flatten(child, hovers)
        only_groups = child.tag == f"{{{SVG}}}g" and not set(child.attrib) - {"id"}
        children += list(child) if only_groups and child.get("id") not in hovers else [child]
    parent[:] = children
    parent.text = parent.text if parent.tag == f"{{{SVG}}}text" else None
    parent.tail = None


def _lighten(element: ElementTree.Element) -> None:
    """Drop digits that no one sees and what is inherited."""
    attributes = element.attrib
    if LEVEL.fullmatch(attributes.get("transform", "")):
        del attributes["transform"]
    for key in ROUNDED:
        if key in attributes:
            rounded = NUMBER.sub(
                lambda found: f"{float(found[0]):.{DIGITS}f}".rstrip("0").rstrip("."), attributes[key]
            )
            attributes[key] = " ".join(rounded.split())
    if "style" in attributes:
        parts = [part.strip() for part in attributes["style"].split(";")]
        kept = [part.replace(": ", ":") for part in parts if not part.startswith("font-family")]
        attributes["style"] = ";".join(kept)
