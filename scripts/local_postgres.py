"""A PostgreSQL server of our own on a free port, for tests and benchmarks; gone again behind them."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.local_server import free_port


def postgres_binaries() -> Path | None:
    """Where Debian keeps them, of the newest version; None: PostgreSQL is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@contextmanager
def running_postgres(binaries: Path) -> Iterator[str]:
    """The address, USER@HOST:PORT. PostgreSQL refuses to run as root, so then it runs as `postgres`."""
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(prefix="pg-") as name:
        folder = Path(name)
        if as_user:
            subprocess.run(["chown", "postgres", name], check=True)
        data, port = folder / "data", free_port()

        def run(*command: str) -> None:
            subprocess.run([*as_user, *command], check=True, cwd=name, stdout=subprocess.DEVNULL)

        run(str(binaries / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8")
        options = f"-p {port} -k {name} -h 127.0.0.1"
        run(str(binaries / "pg_ctl"), "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield f"postgres@127.0.0.1:{port}"
        finally:
            run(str(binaries / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop")
