"""A new model's configuration as text: laid over config/config.yaml, each line with a comment."""

import yaml

from tms.new_config.sizes import T


def configuration(name: str, task: str, model: dict, entry: dict, downloads: dict) -> dict:
    """The values of the file.

    Args:
        name: of the model and its suite.
        task: name of the task.
        model: entry of `models` but for its suite, teacher and seeds.
        entry: of `tasks`.
        downloads: entries of `downloads`.
    """
    base = {"base": model["base"], "teacher": "given", "suite": name, "seeds": [0]}
    values = {
        "models": {name: base | model},
        "suites": {name: {"targets": [task], "retention": [], "general": True}},
        "experiments": {"main": ["sft", "tms"]},
        "tasks": {task: entry},
    }
    return values | ({"downloads": downloads} if downloads else {})


def text(values: dict) -> str:
    """The file, from what `configuration` gives: at most 15 lines."""
    ((name, model),) = values["models"].items()
    ((task, entry),) = values["tasks"].items()
    comments = {
        "base": "the model that training starts from",
        "teacher": "the data's own answers; or an entry of `teachers`",
        "suite": "what it is trained and measured on, below",
        "seeds": "one run of each method; [0, 1, 2] gives intervals over seeds",
        "training": f"steps for T = {T} checkpoints; try a third of the rate, and three times",
        "parameters": "as the hub counts them, for `make estimate`",
        "engine": "what generates",
        "gpus": "cards of a job",
    }
    lines = [
        ("models:", "config/README.md lists every key"),
        (f"  {flow(name)}:", f"results are in results/{name}"),
        *((f"    {key}: {flow(value)}", comments[key]) for key, value in model.items()),
        (
            f"suites: {flow(values['suites'])}",
            "retention: benchmarks to keep; general: loss and KL on general text",
        ),
        (f"experiments: {flow(values['experiments'])}", "rows of the table, beside the base"),
        *_task_lines(task, entry),
    ]
    for download, place in values.get("downloads", {}).items():
        lines.append((f"downloads: {flow({download: place})}", f"of the hub, into models/hub/{download}"))
    width = min(max(len(line) for line, _ in lines), 60)
    return "".join(f"{line.ljust(width)}  # {comment}\n" for line, comment in lines)


def _task_lines(task: str, entry: dict) -> list[tuple[str, str]]:
    """A task on two lines: how it is read and scored, and its sizes."""
    sizes = {key: entry[key] for key in ("train", "heldout", "test", "max_new_tokens")}
    read = {key: value for key, value in entry.items() if key not in sizes}
    scored = "no score, but loss, KL and length" if entry["grader"] == "none" else "what scores an answer"
    return [
        (f"tasks: {flow({task: read})[:-2]},", f"options: docs/own_data.md; grader: {scored}"),
        (f"  {flow(sizes)[1:]}" + "}", "rows of each split; tokens of the longest answer"),
    ]


class _OneLine(yaml.SafeDumper):
    """YAML whose texts never break a line: those with line ends are quoted and escaped."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = None if text.isprintable() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_OneLine.add_representer(str, _text)


def flow(value: object) -> str:
    """A value in one line of YAML, quoted where YAML asks for it."""
    written = yaml.dump(
        value, Dumper=_OneLine, default_flow_style=True, width=10**9, allow_unicode=True, sort_keys=False
    )
    return written.removesuffix("...\n").rstrip("\n")
