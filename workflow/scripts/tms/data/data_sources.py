"""Sources of tasks' rows, read from the docstrings of their modules (docs/data.md), or from `options.hub`."""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "tasks"
LINE = r"^{} +(?P<value>.*)$"
SITES = {"hub": "https://huggingface.co/datasets", "github": "https://github.com"}


@dataclass(frozen=True)
class DataSource:
    """A data set of the hub, or of GitHub: its id, pinned revision and licence ("" where not known)."""

    repo: str
    revision: str
    licence: str
    site: str = "hub"

    @property
    def link(self) -> str:
        """Its page."""
        return f"{SITES[self.site]}/{self.repo}"


def data_source(kind: str, training: bool, options: dict | None = None) -> DataSource | None:
    """The data set of a kind of task; None for generated ones and files of the user's own.

    It is the hub's where the docstring has a line `hub`, and GitHub's (read from local copies) where it has a
    line `github`.

    Args:
        kind: module of `tms/tasks`.
        training: whether its training or its test rows are asked for; most kinds have both from one set.
        options: the task's options: another `revision`, `train_on_test`, or `hub`, any data set.
    """
    options = options or {}
    if kind == "records":
        hub = options.get("hub")
        return DataSource(hub["repo"], hub.get("revision") or "", "") if hub else None
    text = ast.get_docstring(ast.parse((FOLDER / f"{kind}.py").read_text())) or ""
    parts = dict(re.findall(r"^(Training|Test)\n\n(.*?)(?=\n\n[A-Z]|\Z)", text, re.M | re.S))
    part = "Training" if training and not options.get("train_on_test") else "Test"
    text = parts.get(part, text)
    names = (*SITES, "revision", "licence")
    stated = {name: re.search(LINE.format(name), text, re.M) for name in names}
    site = next((name for name in SITES if stated[name]), None)
    if site is None:
        return None
    revision = options.get(f"{'train' if part == 'Training' else 'test'}_revision") or options.get("revision")
    pinned = re.match(r"[0-9a-f]{40}", stated["revision"]["value"])
    return DataSource(
        repo=stated[site]["value"].partition(",")[0],
        revision=revision or (pinned[0] if pinned else ""),
        licence=stated["licence"]["value"],
        site=site,
    )
