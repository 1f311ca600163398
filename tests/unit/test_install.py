"""envs/install.sh: an environment, or one line that says what is wrong and what to do."""

import os
import shutil
import subprocess
import sys

import pytest
from helpers.paths import ROOT

INSTALL = ROOT / "envs" / "install.sh"
TOOLS = "bash sh cat cut df du dirname awk mktemp rm sed grep tail head uname"
# A Python is `python` with a statement in front of what it is asked to run.
PYTHON = """#!/bin/sh
[ "$1" = -c ] || exec {python} "$@"
exec {python} -c "{statement}
$2"
"""
# An environment's Python, whose pip prints a text and fails.
PIP_FAILS = """#!/bin/sh
case "$*" in
    *" install "*) cat <<'END'
{text}
END
        exit 1 ;;
    *) exec {python} "$@" ;;
esac
"""


@pytest.fixture
def install(tmp_path):
    """Run the script on a PATH that has no Python but those put into `bin`."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in TOOLS.split():
        (tools / name).symlink_to(shutil.which(name))

    def run(*words, gigabytes=0, **variables):
        command = [str(INSTALL), str(tmp_path / "venv"), "wanted.txt", str(gigabytes), *words]
        environment = {"PATH": str(tools), "TMPDIR": str(tmp_path), "HOME": str(tmp_path), **variables}
        done = subprocess.run(
            [str(tools / "bash"), *command],
            **{"env": environment, "cwd": tmp_path, "capture_output": True, "text": True, "check": False},
        )
        assert done.returncode in (0, 2), done.stderr
        assert len(done.stderr.splitlines()) == (done.returncode == 2), done.stderr
        return done.stderr.strip()

    (tmp_path / "wanted.txt").write_text("six==1.17.0\n")
    return run


def executable(path, text):
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(text)
    path.chmod(0o755)


def add_python(folder, name, statement="pass"):
    executable(folder / "bin" / name, PYTHON.format(python=sys.executable, statement=statement))


def says_so(path):
    """A Python whose `-m venv` fails, with a text of its own."""
    text = path.read_text()
    path.write_text(text.replace("[ ", 'case "$2" in venv) echo made by me; exit 1;; esac\n[ ', 1))


def version(text):
    major, minor = text.split(".")
    return f"import sys; sys.version_info = ({major}, {minor}, 0)"


def test_without_a_python(install):
    assert install() == (
        "error: no Python 3.11, 3.12 or 3.13 found; install one, or name it: PYTHON=/path/to/python3.12"
    )


@pytest.mark.parametrize("other", ["3.9", "3.10", "3.14"])
def test_only_another_version(install, tmp_path, other):
    add_python(tmp_path, "python3", version(other))
    assert f"found (python3 is Python {other}; install 3.11, 3.12 or 3.13); install one" in install()


def test_a_python_that_does_not_run_is_passed_over(install, tmp_path):
    executable(
        tmp_path / "bin" / "python3.11",
        "#!/bin/sh\necho 'pyenv: command not found' >&2\nexit 127\n",
    )
    assert "(python3.11 does not run; mend it)" in install()
    add_python(tmp_path, "python3.13", version("3.13") + "; sys.modules['ensurepip'] = None")
    assert install().startswith(
        "error: python3.13 has no venv module; install it (Debian, Ubuntu: apt-get install "
    )


def test_a_whole_python_is_preferred_to_one_without_venv(install, tmp_path):
    add_python(tmp_path, "python3.11", version("3.11") + "; sys.modules['ensurepip'] = None")
    add_python(tmp_path, "python3.12", version("3.12"))
    says_so(tmp_path / "bin" / "python3.12")
    assert install() == f"error: python3.12 -m venv {tmp_path / 'venv'}: made by me"


@pytest.mark.parametrize("lost", ["venv", "ensurepip"])
def test_without_the_venv_module(install, tmp_path, lost):
    add_python(tmp_path, "python3.11", version("3.11") + f"; sys.modules['{lost}'] = None")
    assert install() == (
        "error: python3.11 has no venv module; install it (Debian, Ubuntu: apt-get install python3.11-venv), "
        "or name another: PYTHON=/path/to/python3.12"
    )


def test_a_python_built_without_its_libraries(install, tmp_path):
    add_python(tmp_path, "python3.12", version("3.12") + "; sys.modules['lzma'] = sys.modules['bz2'] = None")
    assert "error: python3.12 was built without lzma, bz2; build it anew, or name another" in install()


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (version("3.10"), "is Python 3.10; install 3.11, 3.12 or 3.13, or name another: PYTHON="),
        ("raise SystemExit(1)", "does not run; mend it, or name another: PYTHON="),
    ],
)
def test_the_python_that_is_named_is_taken_or_refused(install, tmp_path, statement, words):
    add_python(tmp_path, "python3.11", version("3.11"))  # which would do, and is not asked
    add_python(tmp_path, "mine", statement)
    assert install(PYTHON="mine").startswith(f"error: mine {words}")
    assert install(PYTHON="/none/python").startswith(
        "error: /none/python not found; name a Python 3.11, 3.12 or 3.13"
    )


def test_an_environment_stays_unless_another_python_is_named(install, tmp_path):
    executable(
        tmp_path / "venv" / "bin" / "python",
        PIP_FAILS.format(python=sys.executable, text="ERROR: reached pip"),
    )
    assert install().startswith("error: pip: ERROR: reached pip")
    for name in ["3.11", "3.12", "3.13"]:
        add_python(tmp_path, f"python{name}", version(name))
        says_so(tmp_path / "bin" / f"python{name}")
    present = "python{}.{}".format(*sys.version_info)
    other = "python3.12" if present != "python3.12" else "python3.13"
    assert install(PYTHON=present).startswith("error: pip: ERROR: reached pip")
    assert install(PYTHON=other).startswith(f"error: {other} -m venv ")


def test_too_little_disk(install, tmp_path):
    words = install(gigabytes=1_000_000)
    assert words.startswith(f"error: 1000000 GB needed in {tmp_path}, ")
    assert words.endswith(" GB there; free space or set VENV=/other/disk/venv")


def broken(reason):
    return f"WARNING: Retrying (Retry(total=0)) after connection broken by '{reason}': /simple/six/"


# What pip 26.3 printed on a machine in that state, shortened.
FAILURES = {
    "no space left in": (
        "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device: '/tmp/x'"
    ),
    "no way to the package index; set https_proxy=": broken(
        "NameResolutionError('Failed to resolve 'nohost' ([Errno -2] Name or service not known)')"
    ),
    "the package index's certificate is not trusted; behind a company's proxy set PIP_CERT=": broken(
        "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate'))"
    ),
    "six is compiled on this machine, which lacks a C compiler": (
        "      error: [Errno 2] No such file or directory: 'x86_64-linux-gnu-gcc'\n      [end of output]\n"
        "  ERROR: Failed building wheel for six\nerror: failed-wheel-build-for-install"
    ),
    "six is compiled on this machine, which lacks a C compiler or Python's headers": (
        "      fatal error: Python.h: No such file or directory\n"
        "      error: command '/usr/bin/gcc' failed with exit code 1\n  ERROR: Failed building wheel for six"
    ),
    "the package index has no six==1.17.0 for Python": (
        "ERROR: Could not find a version that satisfies the requirement six==1.17.0 (from versions: none)\n"
        "ERROR: No matching distribution found for six==1.17.0"
    ),
    "pip: ERROR: something new": "ERROR: something new",
}


@pytest.mark.parametrize("meaning", FAILURES)
def test_pips_failure_in_one_line(install, tmp_path, meaning):
    text = FAILURES[meaning]
    if "connection broken" in text:  # which pip ends like this, whatever broke it
        text += "\n" + FAILURES["the package index has no six==1.17.0 for Python"]
    executable(tmp_path / "venv" / "bin" / "python", PIP_FAILS.format(python=sys.executable, text=text))
    words = install()
    assert words.startswith(f"error: {meaning}")
    log = words.rpartition("(all that pip said: ")[2].rstrip(")")
    assert text in (tmp_path / log).read_text()


@pytest.mark.parametrize(
    ("variables", "meaning"),
    [
        (
            {"https_proxy": "http://127.0.0.1:9"},
            "no way to the package index through the proxy that https_proxy",
        ),
        ({}, "no way to the package index; set https_proxy="),
    ],
)
def test_a_machine_without_network(install, tmp_path, variables, meaning):
    """Pip itself, of this Python; nothing is installed."""
    executable(tmp_path / "venv" / "bin" / "python", f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    index = {"PIP_INDEX_URL": "https://localhost:9/simple", "PIP_RETRIES": "1", "PIP_CONFIG_FILE": os.devnull}
    assert install("--dry-run", "--ignore-installed", **index, **variables).startswith(f"error: {meaning}")
