# What `scripts/run`, `test`, `check` and `bench` have in common: the environment and the system packages.
# Sourced, never run.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
fail() { printf '\033[1;31mCannot go on:\033[0m %s\n' "$*" >&2; exit 1; }

find_python() {
    local candidate
    for candidate in "${PYTHON:-}" python3.11 python3.12 python3 python; do
        if [ -n "$candidate" ] && "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    fail "Python 3.11 or 3.12 is needed and was not found. Install one, or name it: PYTHON=/path/to/python3.12 $0"
}

# Makes .venv from requirements.lock; does nothing when it is there already and the lock has not changed.
make_environment() {
    local python stamp
    if [ ! -x .venv/bin/python ] || ! .venv/bin/python -c '' 2>/dev/null; then
        python=$(find_python)
        say "Making the environment .venv with $("$python" --version)"
        "$python" -m venv .venv || fail "'$python -m venv' does not work here. On Debian or Ubuntu: apt install python3-venv"
    fi
    stamp=$(cksum requirements.lock)
    [ "$(cat .venv/installed.stamp 2>/dev/null)" = "$stamp" ] && return
    if [ ! -x .venv/bin/uv ]; then
        say "Installing uv, which installs the rest"
        .venv/bin/python -m pip install --quiet --disable-pip-version-check uv \
            || fail "pip could not install uv. Is the package index reachable from here (proxy, firewall)?"
    fi
    say "Installing the Python packages of requirements.lock (about 200 MB the first time)"
    .venv/bin/uv pip install --python .venv/bin/python --require-hashes --requirements requirements.lock \
        || fail "a package could not be installed; the line above names it. Run the command again when it is mended."
    printf '%s' "$stamp" > .venv/installed.stamp
}

# need_programs PROGRAM=PACKAGE …: installs by apt what is missing, or says what to install.
need_programs() {
    local pair packages=() as_root=()
    for pair in "$@"; do
        command -v "${pair%%=*}" >/dev/null 2>&1 || [ -e "${pair%%=*}" ] || packages+=("${pair#*=}")
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
    "${as_root[@]}" apt-get -q update >/dev/null || fail "apt-get update failed. Is the package mirror reachable from here?"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends "${packages[@]}" >/dev/null \
        || fail "apt-get could not install: ${packages[*]}. Its message stands above."
}

TEST_PROGRAMS=(espeak-ng=espeak-ng redis-server=redis-server chromium=chromium /usr/share/fonts/opentype/noto=fonts-noto-cjk)
