"""The environments name the same pins, and each supported Python finds them."""

import re
import subprocess
import sys
import tomllib

import pytest
import yaml
from helpers.paths import ROOT

ENVS = ROOT / "envs"
LOCKS = ["laptop.lock", "gpu.lock", "vllm-cpu.lock"]
PYTHONS = ["3.11", "3.12", "3.13"]
THIS = "{}.{}".format(*sys.version_info)  # `make` installs what it tests with on it
# Pure Python that the index has as source alone; for another Python than its own, pip takes wheels only.
SOURCES = ["connection_pool", "langdetect", "rouge_score", "sqlitedict", "word2number"]


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


def test_pytorchs_cuda_packages_are_pinned_for_the_gpu_node_alone():
    """PyTorch's CPU build names none, so a lock resolved with it fails on a GPU node."""
    assert pins("gpu.lock").keys() >= {"triton", "cuda-toolkit"}
    assert not [name for name in pins("laptop.lock") if re.match("triton|nvidia-|cuda-", name)]


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
    assert python.partition("=")[2] in PYTHONS


def test_the_project_and_make_take_the_same_pythons():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    after = f"3.{int(PYTHONS[-1].partition('.')[2]) + 1}"
    assert project["requires-python"] == f">={PYTHONS[0]},<{after}"
    install = (ENVS / "install.sh").read_text()
    assert f"    {' | '.join(PYTHONS)}) ;;" in install
    assert f"for name in {' '.join(f'python{version}' for version in PYTHONS)} python3 python; do" in install


def test_every_conda_file_that_a_rule_names_exists():
    rules = "".join(path.read_text() for path in (ENVS.parent / "workflow" / "rules").glob("*.smk"))
    named = set(re.findall(r"envs/([a-z-]+\.yaml)", rules)) | {"gpu.yaml", "laptop.yaml"}
    assert named == {path.name for path in ENVS.glob("*.yaml")}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_needs_no_index_of_its_own(lock):
    assert not [version for version in pins(lock).values() if "+" in version]


def run_pip(*words):
    """Run this Python's pip; the test is skipped where it cannot reach its package index."""
    command = [sys.executable, "-m", "pip", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode and "connection broken by" in done.stderr:
        pytest.skip("pip cannot reach its package index")
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Folder with wheels of SOURCES, which fit every Python."""
    folder = tmp_path_factory.mktemp("built")
    pinned = [f"{name}=={pins('laptop.lock')[package(name)]}" for name in SOURCES]
    run_pip("wheel", "--quiet", "--no-deps", "--wheel-dir", folder, *pinned)
    assert all(path.name.endswith("-none-any.whl") for path in folder.iterdir())
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("version", [version for version in PYTHONS if version != THIS])
@pytest.mark.parametrize("lock", ["gpu.lock", "vllm-cpu.lock"])  # gpu.lock holds each pin of laptop.lock
def test_each_python_finds_every_pin(lock, version, built, tmp_path):
    """Pip installs nothing, but downloads what it must read."""
    words = ["--dry-run", "--no-deps", "--only-binary=:all:", "--python-version", version]
    words += ["--target", tmp_path, "--find-links", built, "--requirement", ENVS / lock]
    run_pip("install", "--quiet", *words)
