"""A worker process's place beside its siblings, as the supervisor hands it over in the environment."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import MutableMapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

VARIABLE = "INTERVIEW_WORKER_PLACE"


@dataclass(frozen=True, slots=True)
class Place:
    """run: the supervisor's id; folder: of private sockets; port_fds: the shared port; lifeline_fd: to the supervisor.

    number counts from 0. generation: how often the supervisor has started this number before.
    """

    run: str
    folder: str
    number: int
    count: int
    generation: int
    port_fds: tuple[int, ...]
    lifeline_fd: int

    @property
    def worker(self) -> str:
        """The worker's id within its run; one started again has another."""
        return f"{self.number}.{self.generation}"

    @classmethod
    def taken_from(cls, environment: MutableMapping[str, str]) -> Self | None:
        """This process's place, or None when no supervisor started it; its own children do not inherit it."""
        text = environment.pop(VARIABLE, None)
        if text is None:
            return None
        values = json.loads(text)
        place = cls(**{**values, "port_fds": tuple(values["port_fds"])})
        for number in (*place.port_fds, place.lifeline_fd):
            os.set_inheritable(number, False)
        return place

    def in_environment(self) -> dict[str, str]:
        """The variable for the worker's environment."""
        return {VARIABLE: json.dumps(asdict(self))}

    def socket_of(self, worker: str) -> str:
        """Path of a worker's private socket."""
        return str(Path(self.folder) / f"{worker}.sock")

    def listen_privately(self) -> socket.socket:
        """This worker's private socket. What connects waits until it is served."""
        private = socket.socket(socket.AF_UNIX)
        private.setblocking(False)
        private.bind(self.socket_of(self.worker))
        private.listen(256)
        return private

    def ports(self) -> list[socket.socket]:
        """The shared listening sockets."""
        return [socket.socket(fileno=number) for number in self.port_fds]
