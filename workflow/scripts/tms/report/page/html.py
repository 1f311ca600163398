"""The report as one HTML file: nothing is fetched, and nothing in it but its own script runs."""

import base64
import hashlib
import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

WARN_BYTES = 20_000_000
PROLOGUE = re.compile(r"^\s*(<\?xml[^>]*\?>|<!DOCTYPE[^>]*>|<!--.*?-->)\s*", re.DOTALL)

DISPLAYED, FORMULA = re.compile(r"\$\$(.+?)\$\$", re.DOTALL), re.compile(r"\$([^$\n]+)\$")
RELATIVE_LINK = re.compile(r'<a href="(?!https://)[^"]*">(.*?)</a>', re.DOTALL)


def inline_svg(text: str) -> Markup:
    """A drawn SVG as a part of a page: without its prologue, as wide as its place.

    Drawings come from the workflow's own programs; what a model wrote is never drawn.
    """
    while prologue := PROLOGUE.match(text):
        text = text[prologue.end() :]
    return Markup(text)


def markdown(text: str) -> Markup:
    """Markdown with tables as HTML; HTML in it stays text, and links within a repository lose their aim."""
    # Formulas stay in their source, set as code.
    text = DISPLAYED.sub(r"\n```\n\1\n```\n", text)
    text = FORMULA.sub(r"`\1`", text)
    rendered = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    return Markup(RELATIVE_LINK.sub(r"\1", rendered))


def policy(script: str) -> str:
    """Content security policy: the page's own script by its digest, styles, and nothing from elsewhere."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:; "
        f"base-uri 'none'; form-action 'none'"
    )


def render(templates: Path, **content) -> str:
    """Fill the page's template: every text is escaped unless the project made its markup.

    Args:
        templates: folder with report.html.j2, report.css and report.js.
        content: what the template shows.

    Raises:
        jinja2.UndefinedError: the template names something that is not there.
    """
    environment = Environment(
        loader=FileSystemLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script = (templates / "report.js").read_text()
    page = environment.get_template("report.html.j2").render(
        style=Markup((templates / "report.css").read_text()),
        script=Markup(script),
        policy=policy(script),
        **content,
    )
    return page.lstrip()
