"""Results of a model as the report reads them: small, with completions that try to break out of the page."""

import json
from collections.abc import Sequence
from pathlib import Path

from tms.experiments import cells
from tms.experiments.cells import cell
from tms.io import parquet
from tms.io.conversation import context_text

SUITE = {"targets": ["chain"], "retention": ["facts"]}
HOSTILE = [
    "<script>window.broken = 1</script>",
    "</pre></script><script>window.broken = 2</script>",
    "<img src=x onerror='window.broken = 3'>",
    "<a href='javascript:window.broken=4' id=trap>click</a>",
    "{{ 7 * 7 }} {% for x in y %} ]]> <!-- \" ' &lt;b&gt;",
    "<svg onload='window.broken=5'><style>body { display: none }</style>"
    "</textarea></title><input onfocus='window.broken = 6' autofocus><base href='http://nowhere/'>"
    "![x](javascript:window.broken=7) ![y](http://nowhere/y) | a | b |\n| - | - |\n---\nlicense: x\n---",
]
METHODS = ("sft", "tms")
ANSWER_TITLES = {"target": "Target score", "kept": "Kept skills", "forgetting": "Forgetting", "cost": "Cost"}
ANSWER_NUMBERS = {  # text and interval of the four numbers
    "base": [("31 %", "27 to 35"), ("99 %", "98 to 100"), ("0 points", ""), ("0×", "")],
    "sft": [("78 %", "75 to 81"), ("92 %", "90 to 94"), ("-8 points", "-10 to -6"), ("1×", "")],
    "tms": [("72 %", "69 to 76"), ("92 %", "90 to 94"), ("-8 points", "-10 to -6"), ("about 2.4×", "")],
    "sft_lr10": [("74 %", "70 to 78"), ("99 %", "98 to 100"), ("-1 points", "-2 to 0"), ("–", "")],
}
ANSWER = {
    "model": "m",
    "sentence": "On this model TMS scores 6 points lower than SFT and forgets as much (within 2 points); "
    "TMS takes 2.4 times as long; SFT at 10 % of its rate forgets 7 points less than SFT.",
    "seeds": [0, 1, 2],
    "rows": [
        {
            "method": method,
            "checkpoint": "",
            "label": {"base": "Base", "sft": "SFT", "tms": "TMS"}.get(method, "SFT at 10 % of its rate"),
            "role": method if method in ("base", "sft", "tms") else "other",
            "note": "",
            "numbers": [
                {"name": name, "title": title, "value": None, "low": None, "high": None, "unit": ""}
                | {"text": text, "interval": interval}
                for (name, title), (text, interval) in zip(ANSWER_TITLES.items(), numbers, strict=True)
            ],
        }
        for method, numbers in ANSWER_NUMBERS.items()
    ],
    "about": dict.fromkeys(ANSWER_TITLES, "what it is"),
    "notes": ["Best other entry: SFT at 10 % of its rate, the best of 9 others."],
}
SVG = """<?xml version="1.0" encoding="utf-8"?>
<svg xmlns="http://www.w3.org/2000/svg" width="500pt" height="200pt" viewBox="0 0 500 200" role="img">
<title>Frontier</title>
<g id="frontier-value1"><title>TMS: target 0.7</title><rect x="20" y="20" width="60" height="60"/></g>
<text x="10" y="190">target</text>
</svg>
"""


def write_rows(folder: Path, shift: int, benchmarks: Sequence[str] = ("chain", "facts")) -> None:
    """Six examples a benchmark; completions are hostile, grades depend on `shift`."""
    examples = [(name, index) for name in benchmarks for index in range(6)]
    completions = [
        {
            "example_id": f"{name}-{index}",
            "benchmark": name,
            "split": "test",
            "seed": 0,
            "sample": 0,
            "checkpoint": "",
            "context": context_text([{"role": "system", "content": HOSTILE[index]}] if index % 2 else []),
            "prompt": f"prompt {HOSTILE[index]}",
            "completion": HOSTILE[index] + "long " * 400,
            "completion_ids": [1],
            "finish_reason": "stop",
            "answer": "</pre><b>gold</b>",
            "seconds": 0.0,
        }
        for name, index in examples
    ]
    grades = [
        {
            "example_id": f"{name}-{index}",
            "benchmark": name,
            "checkpoint": "",
            "sample": 0,
            "extracted": "<i>found</i>",
            "grade": float((index + shift) % 2),
            "also": "{}",
            "finish_reason": "stop",
            "reason": "",
        }
        for name, index in examples
    ]
    made = {
        "command": ["generate.py", "--model", "<b>x</b>"],
        "versions": {"numpy": "1"},
        "weights": {"folder/checkpoint-1of1": "digest"},
        "chat_templates": ["template"],
        "engine": ["transformers", "5"],
    }
    parquet.write(folder / "generations.parquet", parquet.COMPLETIONS, completions, made)
    parquet.write(folder / "grades.parquet", parquet.GRADES, grades, {"command": ["grade.py"]})


def write_index(folder: Path, entries: list[dict], ending: str) -> None:
    """An index of figures or tables, with the file of each that was drawn."""
    for entry in entries:
        entry["files"] = [f"{entry['name']}.{ending}"] if entry.get("drawn", True) else []
    empty = {"title": "", "drawn": True, "reason": "", "caption": "A caption."}
    folder.mkdir(parents=True)
    (folder / "index.json").write_text(json.dumps([empty | entry for entry in entries]))


WARNINGS = {"base": [["facts: 3 of 6 are cut", "raise <b>it</b>"]], "chain/seed0": [], "all": []}


def write(folder: Path, project: Path) -> list[str]:
    """Write all inputs into a folder; returns the words of the command line."""
    write_rows(folder / "base", 0)
    for shift, method in enumerate(METHODS):
        write_rows(folder / method, shift)
    bounds = {"ci_low": 0.3, "ci_high": 0.9}
    values = {"base": 0.3, "sft": 0.9, "tms": 0.5}
    main = [
        cell("main", "m", name, value, method=method, **bounds)
        for method, value in values.items()
        for name in ("chain", "facts", "xfer")
        if (method, name) != ("base", "xfer")
    ]
    cells.write(folder / "main.parquet", main, {})
    answers = [
        {
            "id": name,
            "topic": "Topic",
            "question": "Is it so?",
            "claim": "It is.",
            "rule": "A rule.",
            "verdict": verdict,
            "sentence": "So it went.",
            "evidence": "Numbers.",
            "differences": [
                {"label": "chain, TMS - SFT", "unit": "points", "value": 0.5, "low": -1.0, "high": 2.0}
                | {
                    "examples_low": -1.0,
                    "examples_high": 2.0,
                    "p_value": 0.5,
                    "paired": True,
                    "decides": True,
                }
            ],
            "cells": [{"experiment": "main", "quantity": "chain", "value": 0.5, "n": 6}],
        }
        for name, verdict in (
            ("Frontier", "contradicted"),
            ("RQ1", "supported for this run"),
            ("RQ2", "indistinguishable"),
            ("RQ4", "inconclusive over seeds"),
            ("RQ5", "described for this run"),
        )
    ]
    (folder / "questions.json").write_text(json.dumps(answers))
    (folder / "answer.json").write_text(json.dumps(ANSWER))
    words = {
        "tolerance": "At most 1 point of forgetting",
        "setting": "<b>LoRA</b> (rank 4)",
        "rest": "64 % (60 to 68) on the target; costs nothing.",
    }
    (folder / "choose.json").write_text(json.dumps({"choices": [{"words": words}]}))
    write_index(
        folder / "figures",
        [
            {"name": "frontier", "title": "The frontier"},
            {"name": "figure4", "title": "Figure 4", "drawn": False, "reason": "no experiment checkpoints"},
        ],
        "svg",
    )
    (folder / "figures" / "frontier.svg").write_text(SVG)
    names = {"table3": "Table 3", "compute": "Compute"}
    write_index(folder / "tables", [{"name": name, "title": title} for name, title in names.items()], "md")
    wide = [["method", *(f"a column {i}" for i in range(14))], [":--"] * 15]
    wide += [[name, *(f"{i}.25 [1.0, 2.0]" for i in range(14))] for name in ("one", "two")]
    lines = [f"| {' | '.join(line)} |" for line in wide]
    for name, title in names.items():
        text = "\n".join([f"**{title}**", "", *lines, "", "- A note."])
        (folder / "tables" / f"{name}.md").write_text(text)
    pair = {"rows": 6, "exact": 0, "exact_heldout": 0, "overlapping": 1, "share": 0.16, "mostly": 0}
    report = {
        "task": "chain",
        "benchmarks": {"facts": pair | {"outcome": "accepted", "reason": "<b>why</b>"}},
    }
    (folder / "contamination.json").write_text(json.dumps(report))
    for method in METHODS:
        (folder / method / "warnings.json").write_text(json.dumps(WARNINGS))
    tasks = {"chain": {}, "facts": {}}
    settings = {"model": {"base": "b", "teacher": "t"}, "suite": SUITE, "tasks": tasks}
    settings |= {"experiments": {"main": [*METHODS]}}
    return [
        *("--model", "m", "--settings", json.dumps(settings), "--questions", "questions.json"),
        *("--answer", "answer.json", "--choose", "choose.json"),
        *("--cells", "main.parquet", "--figures", "figures", "--tables", "tables"),
        *("--contamination", "contamination.json", "--base", "base"),
        *("--warnings", "sft/warnings.json", "tms/warnings.json"),
        *("--runs", "sft/chain/seed0=sft", "tms/chain/seed0=tms"),
        *("--rulings", str(project / "docs" / "method.md")),
        *("--templates", str(project / "workflow" / "templates"), "--output", "report.html"),
    ]
