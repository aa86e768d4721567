"""A worker process's place beside its siblings, as the supervisor hands it over."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path


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
