"""Runs WhisperLive's own websocket server: by the Python of its own environment, as `… SETTINGS_JSON`.

faster_whisper backend, one model for all clients, batched across them. Imports nothing of this repository: that
environment does not have it. Ends at once when its parent closes our standard input.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading


def main() -> None:
    """Serves until it is killed."""
    threading.Thread(target=_die_with_parent, daemon=True).start()
    settings = json.loads(sys.argv[1])
    server = importlib.import_module("whisper_live.server")
    server.TranscriptionServer().run(
        "127.0.0.1",
        port=settings["port"],
        backend="faster_whisper",
        faster_whisper_custom_model_path=settings["model"],
        single_model=True,
        batch_enabled=True,
        # Its limits on admission are raised: how many it can serve is what is measured.
        max_clients=10_000,
        max_connection_time=3_600,
        batch_max_queue_wait_s=3_600.0,
        batch_max_admissions_per_s=1e6,
    )


def _die_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    main()
