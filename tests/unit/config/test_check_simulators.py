"""A task names a simulator where its calls are simulated alone, and its jobs have room for it."""

import pytest
from helpers.shipped_config import SHIPPED

from tms.config import hardware, tasks
from tms.config.check import check
from tms.config.engines import simulator_flags, simulator_folder
from tms.config.stages import drift, evaluate, mixture, teacher
from tms.io.errors import InputError

PLAYED = {"environment": "simulated"}
MINIATURE = SHIPPED["models"]["tiny"]
FOLDER = "models/tiny/base"
FLAGS = f"--simulator {FOLDER} --simulator-max-new-tokens 512 --simulator-temperature 0.5 --simulator-seed 0"


def config(targets=("toolalpaca",), methods=("sft", "tms"), model=None, teachers=None, **task):
    """The miniature on a suite of tools whose target has simulated calls."""
    own = SHIPPED["tasks"]["toolalpaca"] | {"options": PLAYED, "simulator": "played"} | task
    entry = {"model": FOLDER, "max_new_tokens": 512, "temperature": 0.5, "seed": 0, "parameters": 2e9}
    return SHIPPED | {
        "tasks": SHIPPED["tasks"]
        | {"toolalpaca": {name: own[name] for name in own if own[name] is not None}},
        "suites": SHIPPED["suites"]
        | {"played": {"targets": [*targets], "retention": ["math"], "pilot": "tools"}},
        "simulators": {"played": entry, "other": entry},
        "experiments": SHIPPED["experiments"] | {"main": [*methods]},
        "models": {
            "tiny": MINIATURE
            | {"base": FOLDER, "suite": "played", "teacher": "given", "experiments": ["main"]}
            | (model or {})
        },
        "teachers": SHIPPED["teachers"] | (teachers or {}),
        "table": {"models": ["tiny"]},
    }


def faults(config):
    with pytest.raises(InputError) as caught:
        check(config)
    return str(caught.value).splitlines()


def test_a_simulated_task_works():
    check(config())
    check(config(simulator=None, options={}))
    check(SHIPPED)
    assert not any("simulator" in task for task in SHIPPED["tasks"].values())


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {"simulator": None},
            "tasks.toolalpaca.simulator is missing: under options.environment simulated a model",
        ),
        ({"options": {}}, "tasks.toolalpaca.simulator: no call would be answered by it; take the key"),
        ({"simulator": "playd"}, "tasks.toolalpaca.simulator: unknown name 'playd'; did you mean played?"),
        ({"model": {"engine": "vllm"}}, "models.tiny.engine: vllm leaves no memory for the simulator that"),
        (
            {"methods": ["sft", "grpo"]},
            "models.tiny: grpo would call simulated tools of toolalpaca while it trains",
        ),
    ],
)
def test_what_does_not_fit_is_one_line(changes, line):
    (found,) = faults(config(**changes))
    assert found.startswith(f"config: {line}")


def test_a_teacher_has_room_too():
    entry = SHIPPED["teachers"]["tiny_teacher"] | {"model": FOLDER}
    changed = config(model={"teacher": "big"}, teachers={"big": entry | {"engine": "vllm"}})
    (found,) = faults(changed)
    assert found.startswith("config: teachers.big.engine: vllm leaves no memory")
    check(config(model={"teacher": "big"}, teachers={"big": entry}))


def test_a_suite_has_one_simulator():
    changed = config(["toolalpaca", "toolalpaca_real"])
    real = changed["tasks"]["toolalpaca_real"] | {"train": 3, "heldout": 3}
    real |= {"simulator": "other", "options": PLAYED | {"apis": "real"}}
    changed["tasks"] |= {"toolalpaca_real": real}
    (found,) = faults(changed)
    assert found.startswith("config: suites.played: toolalpaca, toolalpaca_real name several simulators")


def test_flags_and_inputs_of_the_stages():
    played, plain = config(), config(simulator=None, options={})
    place = ("tiny", "tms", "toolalpaca", "0")
    found = {
        "generate": lambda config: evaluate.generate_flags(config, "tiny", "base"),
        "generate_samples": lambda config: evaluate.sample_flags(config, "tiny", "base"),
        "harvest": lambda config: mixture.harvest_flags(config, *place, "1", "1"),
        "drift": lambda config: drift.drift_flags(config, *place),
    }
    for flags in found.values():
        assert FLAGS in flags(played) and "simulator" not in flags(plain)
    assert "simulator" not in teacher.sample_flags(played, "toolalpaca", "played", "given")
    assert FLAGS in teacher.sample_flags(
        played | {"teachers": {"x": SHIPPED["teachers"]["tiny_teacher"]}}, "toolalpaca", "played", "x"
    )
    assert simulator_folder(played, ["math", "toolalpaca"]) == [FOLDER]
    assert simulator_folder(played, ["math"]) == [] and simulator_flags(played, ["math"]) == {}
    assert drift.simulator(played, "tiny", "toolalpaca") == [FOLDER]
    assert (
        teacher.simulator(played, "toolalpaca", "given") == []
        and tasks.simulator(plain, ["toolalpaca"]) is None
    )


def test_a_table_says_who_answers():
    note = "Calls of toolalpaca are answered by a model (simulators.played). "
    assert tasks.note(config(), ["toolalpaca"]).startswith(note)
    assert "answered" not in tasks.note(config(simulator=None, options={}), ["toolalpaca"])


def test_its_memory_is_asked_for_too():
    alone = hardware.generating(config(simulator=None, options={}), "models", "tiny")
    assert hardware.generating(config(), "models", "tiny")["mem_mb"] == alone["mem_mb"] + 4000


def test_memory_is_asked_for_beside_a_teacher_too():
    """4,000 MB of 2e9 parameters: of a teacher that calls, of the task whose calls it answers."""
    teachers = {"big": SHIPPED["teachers"]["tiny_teacher"] | {"model": FOLDER}}
    own = hardware.generating(config(teachers=teachers), "teachers", "big")
    for name, task, beside in (
        ("big", "toolalpaca", 4000),
        ("big", "math", 0),
        ("given", "toolalpaca", 0),
    ):
        found = hardware.teaching(config(teachers=teachers), name, task)
        assert found == own | {"mem_mb": own["mem_mb"] + beside}
