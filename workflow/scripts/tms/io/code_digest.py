"""Digest of the code that a stage runs: its program and every project module that it imports.

Snakemake notices an edited program but no edited module, and takes an edited comment for a change. These
digests go into a rule's params instead: they ignore comments, docstrings and layout, and there is one a file,
so that the reason for a rerun names the file.
"""

import ast
import hashlib
from functools import cache
from pathlib import Path

from tms.io.errors import InputError
from tms.io.modules import SCRIPTS, told


def digests(program: str, modules: tuple[str, ...] = ()) -> list[str]:
    """Digest each file of a program's import closure.

    Args:
        program: stage name, e.g. `grade` for `workflow/scripts/grade.py`.
        modules: modules that the program loads by name at run time (tasks and graders that the job's
            wildcards select), e.g. `("tms.graders.chain",)`; their closures count too.

    Returns:
        `all:digest`, which holds all of them, and sorted `file:digest` texts, without empty files.
    """
    return list(_closure(program, modules))


@cache
def _closure(program: str, modules: tuple[str, ...]) -> tuple[str, ...]:
    seen: set[Path] = set()
    queue = [SCRIPTS / f"{program}.py", *(_module_file(name) for name in modules)]
    while queue:
        file = queue.pop()
        if file not in seen:
            seen.add(file)
            queue.extend(_read(file)[0])
    named = [(str(file.relative_to(SCRIPTS)), _read(file)[1]) for file in seen]
    files = [f"{name}:{digest}" for name, digest in sorted(named) if digest]
    return (f"all:{hashlib.sha256(' '.join(files).encode()).hexdigest()[:12]}", *files)


def _module_file(name: str) -> Path:
    return SCRIPTS / (name.replace(".", "/") + ".py")


@cache
def _read(file: Path) -> tuple[list[Path], str]:
    """Project files that a file imports, at its top or inside a function, and the file's digest.

    The digest is that of its syntax tree without docstrings; empty for a file without code.

    Raises:
        InputError: the file is no Python.
    """
    try:
        tree = ast.parse(file.read_text(), filename=str(file))
    except (SyntaxError, ValueError) as error:
        raise InputError(f"{told(error)}; correct {file.name}") from error
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        _drop_docstring(node)
    files = {_module_file(name) for name in names if name.partition(".")[0] == "tms"}
    digest = hashlib.sha256(ast.dump(tree).encode()).hexdigest()[:12] if tree.body else ""
    return sorted(file for file in files if file.exists()), digest


def body_digest(file: Path) -> str:
    """Digest of a file's functions and values, the same in every Python version.

    Comments, docstrings and layout do not enter, nor do imports, which a move of another module changes.
    """
    tree = ast.parse(file.read_text(), filename=str(file))
    tree.body = [node for node in tree.body if not isinstance(node, ast.Import | ast.ImportFrom)]
    for node in ast.walk(tree):
        _drop_docstring(node)
    return hashlib.sha256(repr(_filled(tree)).encode()).hexdigest()[:12]


def _drop_docstring(node: ast.AST) -> None:
    documented = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    if documented and ast.get_docstring(node, clean=False) is not None:
        node.body = node.body[1:]


def _filled(part: object) -> object:
    """A part of a syntax tree as lists of its filled fields (a newer Python adds fields that are empty)."""
    if isinstance(part, ast.AST):
        fields = [[name, _filled(value)] for name, value in ast.iter_fields(part) if value not in (None, [])]
        return [type(part).__name__, fields]
    return list(map(_filled, part)) if isinstance(part, list) else part
