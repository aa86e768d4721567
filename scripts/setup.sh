# What `scripts/run`, `test`, `check` and `bench` have in common: the environment and the system packages.
# Sourced, never run.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# Some container images keep Python from storing what it has compiled: each of the many processes that are started here
# would compile all its libraries anew, for seconds.
unset PYTHONDONTWRITEBYTECODE

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
fail() { printf '\033[1;31mCannot go on:\033[0m %s\n' "$*" >&2; exit 1; }

suits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' >/dev/null 2>&1; }

find_python() {
    local candidate found
    for candidate in "${PYTHON:-}" python3.11 python3.12 python3 python; do
        if [ -n "$candidate" ] && suits "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    found=$(python3 --version 2>/dev/null || echo "no Python at all")
    fail "Python 3.11 or 3.12 is needed; found: $found. Install one beside it, or name it: PYTHON=/path/to/python3.12 $0"
}

# Makes .venv from requirements.lock; does nothing when it is there already and the lock has not changed.
make_environment() {
    local python stamp
    stamp=$(cksum requirements.lock)
    [ "$(cat .venv/installed.stamp 2>/dev/null)" = "$stamp" ] && suits .venv/bin/python && return
    python=$(find_python)
    if ! suits .venv/bin/python; then
        say "Making the environment .venv with $("$python" --version)"
        # Without pip of its own: Debian's Python can make that only with the package python3-venv.
        "$python" -m venv --clear --without-pip .venv || fail "'$python -m venv' does not work here. Its message stands above."
    fi
    if ! .venv/bin/uv --version >/dev/null 2>&1; then
        say "Installing uv, which installs the rest"
        install_uv "$python"
    fi
    say "Installing the Python packages of requirements.lock (about 200 MB the first time)"
    .venv/bin/uv pip install --python .venv/bin/python --require-hashes --requirements requirements.lock \
        || fail "a package could not be installed; the line above names it. Run the command again when it is mended."
    printf '%s' "$stamp" > .venv/installed.stamp
}

# install_uv PYTHON: puts uv into .venv, by PYTHON's pip or else by one made in .venv.
install_uv() {
    local pip=("$1" -m pip --python .venv/bin/python)
    if ! "$1" -m pip --version >/dev/null 2>&1; then
        .venv/bin/python -m ensurepip >/dev/null 2>&1 || fail "$1 has no pip. On Debian or Ubuntu: apt-get install python3-pip"
        pip=(.venv/bin/python -m pip)
    fi
    "${pip[@]}" install --quiet --disable-pip-version-check uv \
        || fail "pip could not install uv. Is the package index reachable from here (proxy, firewall)?"
}

# need_programs PROGRAM[,OTHER…]=PACKAGE …: installs by apt what is missing, or says what to install.
# A program that begins with / is a path.
need_programs() {
    local pair packages=() as_root=()
    for pair in "$@"; do
        is_there "${pair%%=*}" || packages+=("${pair#*=}")
    done
    [ ${#packages[@]} -eq 0 ] && return
    if ! command -v apt-get >/dev/null 2>&1; then
        fail "these programs are missing: ${packages[*]}. Install them with this system's package manager and run the command again."
    fi
    if [ "$(id -u)" -ne 0 ]; then
        sudo -n true 2>/dev/null || fail "these packages are missing: ${packages[*]}. Install them (sudo apt-get install ${packages[*]}) and run the command again."
        as_root=(sudo -n)
    fi
    say "Installing system packages: ${packages[*]}"
    # Old lists often do; when there are none, the installation says so.
    "${as_root[@]}" apt-get -q update >/dev/null || say "apt-get update failed; going on with the lists that are there"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends "${packages[@]}" >/dev/null \
        || fail "apt-get could not install: ${packages[*]}. Its message stands above; is the package mirror reachable from here?"
}

is_there() {
    local name names
    IFS=, read -ra names <<< "$1"
    for name in "${names[@]}"; do
        command -v "$name" >/dev/null 2>&1 && return
        [[ $name = /* && -e $name ]] && return
    done
    return 1
}

TEST_PROGRAMS=(
    espeak-ng=espeak-ng
    redis-server=redis-server
    pg_createcluster=postgresql
    ffprobe=ffmpeg
    turnserver=coturn
    chromium,chromium-browser,google-chrome=chromium
    /usr/lib/x86_64-linux-gnu/libpangoft2-1.0.so.0,/usr/lib/aarch64-linux-gnu/libpangoft2-1.0.so.0=libpangoft2-1.0-0
    /usr/lib/x86_64-linux-gnu/libharfbuzz-subset.so.0,/usr/lib/aarch64-linux-gnu/libharfbuzz-subset.so.0=libharfbuzz-subset0
    /usr/share/fonts/opentype/noto=fonts-noto-cjk
)
