"""Bounds of a configuration as a whole."""

from pathlib import Path

import pytest
import yaml
from helpers.cpu_limit import cpu_limit
from helpers.shipped_config import SHIPPED
from snakemake.common.configfile import load_configfile

from tms.config.load import duplicates, read_files
from tms.config.size import size_faults
from tms.io.errors import InputError
from tms.mixture.weights import window_weights

LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12)
)


def test_the_shipped_configuration_is_within_them():
    assert size_faults(SHIPPED) == []


@pytest.mark.parametrize(
    "text, fault",
    [
        (LAUGHS, "values (near a11"),
        ("a: &a [b, *a]", "config: a.1.1: over 50 levels deep"),
        ("a: &a {b: *a}", "config: a.b.b: over 50 levels deep"),
        (f"a: {'{b: ' * 60}1{'}' * 60}", "config: a.b.b: over 50 levels deep"),
        (
            f"tms: {{num_checkpoints: 0x{'f' * 5000}}}",
            "config: tms.num_checkpoints: a number of over 30 digits",
        ),
        (f"tms: {{weights: [{'0.1, ' * 30_000}]}}", "values (near tms.weights"),
    ],
)
def test_beyond_them_one_line_names_the_key(text, fault):
    with cpu_limit(10):
        (line,) = size_faults(yaml.load(text, Loader=yaml.CSafeLoader))
    assert fault in line and "\n" not in line


@pytest.mark.parametrize("text", [LAUGHS, "a: " + "[" * 3000 + "]" * 3000, "#" * (5 << 20)])
def test_a_file_beyond_them_is_one_line(tmp_path, text, monkeypatch):
    monkeypatch.chdir(Path(__file__).parents[3])
    file = tmp_path / "large.yaml"
    file.write_text(text)
    with cpu_limit(5), pytest.raises(InputError, match=r"large\.yaml.*(values|deep|MiB)") as raised:
        read_files([file])
    assert len(str(raised.value).splitlines()) == 1


def test_a_file_whose_python_snakemake_would_run_is_one_line(tmp_path, monkeypatch):
    monkeypatch.chdir(Path(__file__).parents[3])
    file = tmp_path / "program.yaml"
    file.write_text("__use_yte__: true\na: ?1 + 1\n")
    assert load_configfile(file) == {"a": 2}
    with pytest.raises(InputError, match=r"program\.yaml: __use_yte__: Snakemake would run Python"):
        read_files([file])


def test_aliases_are_searched_once_for_keys_that_stand_twice(tmp_path):
    file = tmp_path / "laughs.yaml"
    file.write_text(f"{LAUGHS}b: 1\nb: 2\n")
    with cpu_limit(5):
        assert len(duplicates(file)) == 1


def test_weights_of_many_checkpoints_take_linear_time():
    with cpu_limit(1):
        assert window_weights("uniform", 100_000) == [1e-5] * 100_000
