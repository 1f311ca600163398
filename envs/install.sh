#!/usr/bin/env bash
# Install requirements into a virtual environment. Where that fails, one line says why and what to do.
#
#   PYTHON=python3.12 envs/install.sh VENV REQUIREMENTS GIGABYTES [more words for `pip install`]
#
# Python is PYTHON where it is set, else VENV's own, else the first on PATH that fits. GIGABYTES: size of the whole
# environment at least. `make` calls this for every environment.
set -uo pipefail

venv=$1 requirements=$2 gigabytes=$3
shift 3
versions="3.11, 3.12 or 3.13"

fail() {
    echo "error: $*" >&2
    exit 2
}

# Prints the version of a Python and what it lacks, e.g. `3.11 ensurepip`; nothing where it does not run (a pyenv
# shim exists for versions that are not active). Debian packs ensurepip apart; a Python built without the headers of
# sqlite3, lzma, bz2 or ssl lacks these.
probe() {
    "$1" -c 'import importlib, sys
lacks = []
for name in ["venv", "ensurepip", "ssl", "sqlite3", "lzma", "bz2", "ctypes"]:
    try:
        importlib.import_module(name)
    except ImportError:
        lacks.append(name)
sys.stdout.write(" ".join(["%d.%d" % sys.version_info[:2]] + lacks))' 2>/dev/null
}

# The reason why a Python cannot be used, by its name and by what `probe` printed of it; nothing where it can.
fault() {
    local version lacks
    read -r version lacks <<<"$2"
    case $version in
        3.11 | 3.12 | 3.13) ;;
        "") echo "$1 does not run; mend it" && return ;;
        *) echo "$1 is Python $version; install $versions" && return ;;
    esac
    case " $lacks " in
        "  ") ;;
        *" venv "* | *" ensurepip "*)
            echo "$1 has no venv module; install it (Debian, Ubuntu: apt-get install python$version-venv)" ;;
        *) echo "$1 was built without ${lacks// /, }; build it anew" ;;
    esac
}

choose_python() {
    local name reason nearest="" hint="PYTHON=/path/to/python3.12"
    if [ -n "${PYTHON:-}" ]; then
        command -v "$PYTHON" >/dev/null || fail "$PYTHON not found; name a Python $versions: $hint"
        reason=$(fault "$PYTHON" "$(probe "$PYTHON")")
        [ -z "$reason" ] || fail "$reason, or name another: $hint"
        python=$PYTHON
        return
    fi
    for name in python3.11 python3.12 python3.13 python3 python; do
        command -v "$name" >/dev/null || continue
        reason=$(fault "$name" "$(probe "$name")")
        if [ -z "$reason" ]; then
            python=$name
            return
        fi
        # One that lacks a module is nearest to what is needed.
        case $reason in
            *"has no"* | *"built without"*) [[ $nearest = *has\ no* ]] || nearest=$reason ;;
            *) nearest=${nearest:-$reason} ;;
        esac
    done
    case $nearest in
        *"has no"* | *"built without"*) fail "$nearest, or name another: $hint" ;;
    esac
    fail "no Python $versions found${nearest:+ ($nearest)}; install one, or name it: $hint"
}

pip_version() {
    "$venv/bin/python" -c 'import pip; print(pip.__version__)' 2>/dev/null
}

# An environment stays where it is whole and of the version that is asked for.
make_venv() {
    local present asked
    present=$(probe "$venv/bin/python")
    present=${present%% *}
    if [ -n "$present" ] && [ -n "$(pip_version)" ]; then
        asked=$present
        [ -z "${PYTHON:-}" ] || asked=$(probe "$PYTHON")
        [ -n "$(fault "$venv/bin/python" "$present")" ] || [ "$present" != "${asked%% *}" ] || return 0
    fi
    choose_python
    local clear="" words
    [ ! -e "$venv/pyvenv.cfg" ] || clear=--clear
    words=$("$python" -m venv $clear "$venv" 2>&1) || fail "$python -m venv $venv: $(tail -n 1 <<<"$words")"
}

check_disk() {
    local folder=$venv present=0 free
    [ ! -d "$venv" ] || present=$(du -sk "$venv" | cut -f 1)
    until [ -d "$folder" ]; do folder=$(dirname "$folder"); done
    free=$(df -Pk "$folder" | awk 'NR == 2 {print $4}')
    [ $((free + present)) -ge $((gigabytes * 1000000)) ] || fail "$gigabytes GB needed in $folder," \
        "$(awk "BEGIN {printf \"%.1f\", ($free + $present) / 1e6}") GB there; free space or set VENV=/other/disk/venv"
}

# What pip's output means to a user.
explain() {
    local log=$1 version package
    version=$("$venv/bin/python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    if grep -q 'No space left on device\|Disk quota exceeded' "$log"; then
        echo "no space left in $venv or ${TMPDIR:-/tmp}, where pip unpacks; free some," \
            "or set VENV=/other/disk/venv and TMPDIR=/other/disk (a GPU build of PyTorch takes 6 GB)"
    elif grep -q 'CERTIFICATE_VERIFY_FAILED' "$log"; then
        echo "the package index's certificate is not trusted; behind a company's proxy set PIP_CERT=/path/to/its/ca.pem"
    elif grep -q 'connection broken by\|Max retries exceeded\|Read timed out\|ConnectionError\|ProxyError' "$log"; then
        if [ -n "${https_proxy:-}${HTTPS_PROXY:-}${http_proxy:-}${all_proxy:-}${ALL_PROXY:-}${PIP_PROXY:-}" ]; then
            echo "no way to the package index through the proxy that https_proxy (or http_proxy, all_proxy, PIP_PROXY)" \
                'names; correct or unset it, or name an index within reach: PIP_ARGS="--index-url URL"'
        else
            echo "no way to the package index; set https_proxy=http://HOST:PORT where a proxy is needed, or" \
                'PIP_ARGS="--index-url URL", or without network PIP_ARGS="--no-index --find-links FOLDER"'
        fi
    elif grep -Eq "(command|directory:) '[^']*(cc|[+][+]|clang)'|[Nn]o (working|acceptable) C? ?compiler" "$log"; then
        package=$(sed -n 's/.*Failed building wheel for //p; s/.*Failed to build //p' "$log" | head -n 1)
        echo "${package:-a package} is compiled on this machine, which lacks a C compiler or Python's headers" \
            "(e.g. apt-get install build-essential python$version-dev)"
    elif package=$(sed -n 's/^ERROR: No matching distribution found for //p' "$log" | head -n 1) && [ -n "$package" ]; then
        echo "the package index has no $package for Python $version on $(uname -sm); take another Python with PYTHON=," \
            'or another index with PIP_ARGS="--extra-index-url URL"'
    else
        echo "pip: $(grep '^ERROR' "$log" | tail -n 1 || tail -n 1 "$log")"
    fi
}

pip_install() {
    "$venv/bin/python" -m pip install --quiet "$@" >"$log" 2>&1 || fail "$(explain "$log") (all that pip said: $log)"
}

check_disk
make_venv
log=$(mktemp) || fail "no file can be made in ${TMPDIR:-/tmp}; free space or set TMPDIR=/other/disk"
echo "Installing $requirements into $venv ..."
case $(pip_version) in
    1?.* | 2[0-3].*) pip_install --upgrade "pip>=24" ;;
esac
pip_install "$@" --requirement "$requirements"
rm -f "$log"
case $requirements in
    *gpu.lock)
        command -v cc gcc >/dev/null || echo "warning: no C compiler; vLLM compiles kernels when it runs:" \
            "install one (e.g. apt-get install build-essential)" >&2 ;;
esac
