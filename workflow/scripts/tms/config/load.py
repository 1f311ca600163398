"""The configuration from its files, for programs that are started by hand."""

from pathlib import Path

import yaml

from tms.config import study
from tms.config.size import MOST_BYTES, size_faults
from tms.io.errors import InputError


def configuration(configfiles: list[Path]) -> dict:
    """The configuration as Snakemake merges it.

    Args:
        configfiles: laid over config/config.yaml, in order.

    Raises:
        InputError: a file is missing or no YAML.
    """
    return merged(read_files(configfiles))


def read_files(configfiles: list[Path]) -> dict[Path, dict]:
    """The contents of config/config.yaml and of the files that are laid over it, in order.

    Raises:
        InputError: a file is missing or no YAML, or is more than values.
    """
    contents = {}
    for path in [Path("config/config.yaml"), *configfiles]:
        try:
            if path.stat().st_size > MOST_BYTES:
                raise ValueError(f"over {MOST_BYTES >> 20} MiB")
            contents[path] = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        except RecursionError as error:
            raise InputError(f"{path}: nested too deep; write it flat") from error
        except (OSError, ValueError, yaml.YAMLError) as error:
            raise InputError(f"{path}: not a readable YAML file ({str(error).splitlines()[0]})") from error
        if not isinstance(contents[path], dict):
            raise InputError(f"{path}: no key at its top level; write `key: value` lines")
        if "__use_yte__" in contents[path]:
            raise InputError(
                f"{path}: __use_yte__: Snakemake would run Python that stands in the file; write its values"
            )
        if large := size_faults(contents[path]):
            raise InputError("\n".join(f"{path}: {line.removeprefix('config: ')}" for line in large))
    if twice := [line for path in contents for line in duplicates(path)]:
        raise InputError("\n".join(twice))
    return contents


def duplicates(path: Path) -> list[str]:
    """Keys that stand twice in a mapping of a YAML file (YAML would drop the first), a line each."""
    faults = []
    seen: set[int] = set()  # nodes that aliases stand for come once

    def visit(node: yaml.Node, place: str) -> None:
        if id(node) in seen:
            return
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                visit(item, f"{place}{index}.")
        elif isinstance(node, yaml.MappingNode):
            lines: dict[str, int] = {}
            for key, value in node.value:
                name, line = str(key.value), key.start_mark.line + 1
                if name in lines:
                    faults.append(
                        f"{path}: {place}{name} stands twice (lines {lines[name]} and {line}); keep one"
                    )
                lines[name] = line
                visit(value, f"{place}{name}.")

    with path.open(encoding="utf-8") as stream:
        try:
            visit(yaml.compose(stream, Loader=yaml.SafeLoader), "")
        except yaml.YAMLError:  # JSON with tabs, which Snakemake reads; it refuses all else
            return []
    return faults


def typed(values: dict) -> dict:
    """The values of Snakemake's `--config`, which reads numbers below the top as text, as YAML reads them."""

    def read(value: object) -> object:
        if isinstance(value, dict):
            return typed(value)
        if isinstance(value, list):
            return [read(item) for item in value]
        if not isinstance(value, str):
            return value
        try:
            return yaml.safe_load(value)
        except yaml.YAMLError:  # a text such as `a: b: c`
            return value

    return {key: read(value) for key, value in values.items()}


def merged(contents: dict[Path, dict]) -> dict:
    """The configuration of files that are laid over each other, in order."""
    return study.expanded(written(contents))


def written(contents: dict[Path, dict]) -> dict:
    """The configuration of files that are laid over each other, as it would stand in one file."""
    config: dict = {}
    for values in contents.values():
        config = laid_over(config, values)
    return config


def laid_over(config: dict, values: dict) -> dict:
    """A configuration with values laid over it, as Snakemake does it: a node may be checked without it."""
    config = dict(config)
    for key, value in values.items():
        below = config.get(key)
        if isinstance(value, dict):
            value = laid_over(below if isinstance(below, dict) else {}, value)
        config[key] = value
    return config
