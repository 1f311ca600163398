"""ToolAlpaca: requests that functions of one API answer, in several steps (Tang et al., 2023).

github    tangqiaoyu/ToolAlpaca, data/train_data.json (train and heldout), data/eval_simulated.json (10 APIs,
          100 instructions) and data/eval_real.json (11 and 114) for test; read from `{data.root}/toolalpaca`
revision  189069998d64a7baf1b4a1c3c4b2e75eb9d05532
licence   Apache-2.0
columns   one object an API: Name, Documentation (OpenAPI as JSON text), NLDocumentation,
          Function_Description (name -> text), Function_Projection (name -> [path, method]), Instructions;
          Instances (training) or Golden_Answers (evaluation); Authentication (of real APIs)
see       https://github.com/tangqiaoyu/ToolAlpaca, https://arxiv.org/abs/2306.05301

One row of eval_simulated.json:

    context   {"tools": [the API's functions, and getDetails], "environment": {"kind": "recorded", ...}, ...}
    prompt    Can you tell me three interesting facts about axolotls' habitats?
    answer    [{"name": "getAxolotlFacts", "arguments": {"category": "habitat", "limit": 3}}]
    solution  "" (of a training row: the recorded trajectory, as `tms.tool_use.turns` has it)

`heldout` are a tenth of the training file's APIs, by a hash of their names, whatever sizes and seeds are
asked for: no API of it is in `train`. What cannot be read is left out, and printed with its number.

Options: `apis: real` takes eval_real.json; `malformed: keep` keeps the instructions whose golden calls cannot
be read, as text, for a judge; `environment: simulated` has a model answer calls that are not recorded;
`calls` is the most that an answer may make, `tokens` the most of a row, prompt and all turns; `order: hash`
shuffles the test split.
"""

import json
from collections import Counter
from pathlib import Path

from tms.data import hub
from tms.data.options import read_options
from tms.data.toolalpaca import functions, steps, unstated
from tms.data.toolalpaca.steps import LeftOut
from tms.io import json_file
from tms.io.conversation import context_text
from tms.io.errors import InputError
from tms.tool_use.turns import made_calls, turns_text

FOLDER = "toolalpaca"
PAGE = "https://github.com/tangqiaoyu/ToolAlpaca/tree/189069998d64a7baf1b4a1c3c4b2e75eb9d05532/data"
TRAINING = "train_data.json"
TEST = {"simulated": "eval_simulated.json", "real": "eval_real.json"}
OPTIONS = {"apis": "simulated", "malformed": "leave out", "environment": "recorded"}
OPTIONS |= {"calls": 8, "tokens": 5120, "order": "official"}
CHOICES = {"apis": list(TEST), "malformed": ["leave out", "keep"], "environment": ["recorded", "simulated"]}
LONGEST = 20_000  # characters of an API's documentation


def build(split: str, size: int, seed: int, options: dict, root: Path | None = None) -> list[dict]:
    """Rows of one split; prints how many instructions are left out for which reason. Options as above.

    Raises:
        InputError: an option is unknown, or the file is not there, is no such, or is too small.
    """
    settings = read_options("toolalpaca", options, OPTIONS)
    for name, choices in CHOICES.items():
        if settings[name] not in choices:
            raise InputError(
                f"toolalpaca: options.{name} is {settings[name]!r}; choose {' or '.join(choices)}"
            )
    file = TEST[settings["apis"]] if split == "test" else TRAINING
    rows, left_out = [], Counter()
    for number, api in enumerate(read(file, root)):
        if split == "test" or hub.is_heldout(str(api.get("Name"))) == (split == "heldout"):
            example = f"toolalpaca-{file.removesuffix('.json')}-{number}"
            read_rows = test_rows if split == "test" else training_rows
            for row in read_rows(api, example, settings):
                rows.append(row) if isinstance(row, dict) else left_out.update([str(row)])
    for reason, count in left_out.most_common():
        total = len(rows) + left_out.total()
        print(f"toolalpaca: {count} of {total} {split} instructions of {file} left out: {reason}")
    if split == "test":
        if count := sum(unstated.has_free(row["answer"]) for row in rows):
            print(f"toolalpaca: {count} of {len(rows)} golden answers hold arguments that nobody asked for")
        return hub.test_rows(rows, size, settings["order"])
    return hub.first(hub.shuffled(rows, seed), split, size)


def read(file: str, root: Path | None) -> list[dict]:
    """The APIs of one of the authors' files.

    Raises:
        InputError: there is no folder of local copies, or the file is no such.
    """
    if root is None:
        raise InputError(
            f"toolalpaca: no data set of the hub has it; put {file} of {PAGE} into toolalpaca/ of a folder, "
            f"and name that folder as data.root, {hub.SKIP}"
        )
    return json_file.read_list(root / FOLDER / file, "file of ToolAlpaca", f"put {file} of {PAGE} there")


def test_rows(api: dict, example: str, settings: dict) -> list[dict | LeftOut]:
    """Rows of an API of an evaluation file, in which what is left out says why.

    Raises:
        InputError: the API has not the file's layout.
    """
    instructions, answers = api.get("Instructions"), api.get("Golden_Answers")
    if not _has_functions(api) or not _are_golden(instructions, answers):
        raise InputError(f"toolalpaca: {example} ({str(api.get('Name'))[:40]}) has not the layout of {PAGE}")
    keys = api.get("Authentication") or {}
    told = " ".join(f"{name}={value}" for name, value in keys.items())
    end = f"{steps.KEYS_TOLD}{told}" if keys else ""
    rows = []
    for index, (instruction, answer) in enumerate(zip(instructions, answers, strict=True)):
        try:
            golden = steps.golden(answer, functions.names(api), keys)
            golden = unstated.marked(golden, functions.tools(api), instruction + end)
        except LeftOut as reason:
            if settings["malformed"] == "leave out":
                rows.append(reason)
                continue
            golden = steps.written(answer)
        context = _context(api, [], settings)
        try:
            rows.append(_row(f"{example}-{index}", context, instruction, instruction + end, golden, ""))
        except LeftOut as reason:
            rows.append(reason)
    return rows


def training_rows(api: dict, example: str, settings: dict) -> list[dict | LeftOut]:
    """Rows of an API of the training file, in which what is left out says why."""
    rows, instances = [], api.get("Instances")
    for index, instance in enumerate(instances if isinstance(instances, list) else []):
        try:
            if not _has_functions(api):
                raise LeftOut("its API has no functions that can be read")
            prompt, turns, observations, golden = steps.trajectory(instance, functions.names(api))
            if len(made_calls(turns)) > settings["calls"]:
                raise LeftOut(f"more than {settings['calls']} calls")
            context = _context(api, observations, settings)
            rows.append(_row(f"{example}-{index}", context, prompt, prompt, golden, turns_text(turns)))
        except LeftOut as reason:
            rows.append(reason)
    return rows


def _row(example: str, context: str, problem: str, prompt: str, golden: list[dict], solution: str) -> dict:
    row = {
        "example_id": example,
        "context": context,
        "prompt": prompt,
        "answer": json.dumps(golden, ensure_ascii=False),
        "problem": problem,
        "solution": solution,
        "cluster": example.rpartition("-")[0],  # the API
    }
    try:
        "".join(row.values()).encode()
    except UnicodeEncodeError as error:
        raise LeftOut("no valid Unicode") from error
    return row


def _context(api: dict, observations: list[dict], settings: dict) -> str:
    environment = {
        "kind": settings["environment"],
        "calls": settings["calls"],
        "tokens": settings["tokens"],
        "documentation": api["NLDocumentation"][:LONGEST],
        "observations": observations,
    }
    if settings["environment"] == "simulated":
        environment["user"] = functions.ASK
    return context_text([], functions.tools(api), environment)


def _has_functions(api: dict) -> bool:
    projection, described = api.get("Function_Projection"), api.get("Function_Description")
    if not isinstance(projection, dict) or not projection or not isinstance(described, dict):
        return False
    if (
        not all(isinstance(text, str) for text in described.values())
        or not projection.keys() <= described.keys()
    ):
        return False
    if not all(isinstance(api.get(name), str) for name in ("Documentation", "NLDocumentation")):
        return False
    return all(
        isinstance(place, list) and len(place) == 2 and all(isinstance(part, str) for part in place)
        for place in projection.values()
    )


def _are_golden(instructions: object, answers: object) -> bool:
    if (
        not isinstance(instructions, list)
        or not isinstance(answers, list)
        or len(answers) != len(instructions)
    ):
        return False
    return all(isinstance(text, str) for text in instructions) and all(
        isinstance(answer, list)
        and all(isinstance(step, dict) and {"Action", "Action_Input"} <= step.keys() for step in answer)
        for answer in answers
    )
