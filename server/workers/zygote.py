"""Where workers are forked: off a process that has imported the whole server and begun nothing of it.

Importing takes seconds of CPU and much of a worker's memory; so it is done once, and shared. Forking is safe there: no
thread, event loop or connection exists yet. The supervisor, which soon has all of them, only sends word.
"""

from __future__ import annotations

import array
import asyncio
import contextlib
import gc
import json
import os
import select
import signal
import socket
from dataclasses import asdict, dataclass

from server.workers.place import Place

MESSAGE_BYTES = 4096
"""A place has a path of at most a hundred bytes, some numbers, and descriptors for two ports and a lifeline."""
MOST_DESCRIPTORS = 64


class ZygoteLost(Exception):
    """The process that forks workers is gone: nobody could be replaced any more."""


@dataclass(slots=True)
class Child:
    """A worker's process, as its supervisor knows it. ended: its status; negative: the signal that killed it."""

    pid: int
    ended: asyncio.Future[int]

    def kill(self) -> None:
        """As a power cut would, unless it has ended."""
        if not self.ended.done():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)


class Zygote:
    """The supervisor's end. Its process ends with the supervisor, whose workers' lifelines end then too."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._asked: list[asyncio.Future[int]] = []
        self._children: dict[int, asyncio.Future[int]] = {}
        self._lost = False

    async def follow(self) -> None:
        """Takes in what the zygote tells, until it is gone."""
        loop = asyncio.get_running_loop()
        while said := await loop.sock_recv(self._line, MESSAGE_BYTES):
            told = json.loads(said)
            if "born" in told:
                self._children[told["born"]] = loop.create_future()
                asked = self._asked.pop(0)
                # Who no longer waits for it has closed its lifeline, which ends it.
                if not asked.done():
                    asked.set_result(told["born"])
            else:
                self._children.pop(told["ended"]).set_result(told["status"])
        self._lost = True
        for waiting in (*self._asked, *self._children.values()):
            if not waiting.done():
                waiting.set_exception(ZygoteLost())

    async def fork(self, place: Place, *, silent: bool) -> Child:
        """A new worker; the descriptors of its place are handed over. silent: it prints nothing. Raises ZygoteLost."""
        born = asyncio.get_running_loop().create_future()
        self._asked.append(born)
        descriptors = (place.lifeline_fd, *place.port_fds)
        try:
            if self._lost:
                raise ZygoteLost
            socket.send_fds(self._line, [json.dumps({**asdict(place), "silent": silent}).encode()], descriptors)
        except OSError as error:
            raise ZygoteLost from error
        pid = await born
        return Child(pid, self._children[pid])


def fork_zygote() -> Zygote | Place:
    """Forks the zygote off this process, which must have one thread only.

    Returns several times, as fork does: here with the line to the zygote, and in every worker with the worker's place.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    # What is imported is neither looked through for garbage nor, for that, copied by any worker.
    gc.collect()
    gc.freeze()
    if os.fork():
        theirs.close()
        ours.setblocking(False)
        return Zygote(ours)
    ours.close()
    return _fork_workers(theirs)


def _fork_workers(line: socket.socket) -> Place:
    """The zygote's whole life, which ends with its supervisor's. Returns in workers only."""
    # A terminal and a service manager tell the whole group; the supervisor decides.
    usual = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    changes = select.poll()
    changes.register(line, select.POLLIN)
    children: dict[int, int] = {}
    """Process ids by the descriptor that becomes readable at the process's end."""
    while True:
        for ready, _ in changes.poll():
            if ready in children:
                changes.unregister(ready)
                os.close(ready)
                pid, status = os.waitpid(children.pop(ready), 0)
                _tell(line, {"ended": pid, "status": os.waitstatus_to_exitcode(status)})
                continue
            wanted, descriptors = _asked_for(line)
            pid = os.fork()
            if pid == 0:
                for number, handler in usual.items():
                    signal.signal(number, handler)
                for descriptor in children:
                    os.close(descriptor)
                line.close()
                return _place_of(wanted, descriptors)
            for descriptor in descriptors:
                os.close(descriptor)
            watched = os.pidfd_open(pid)
            children[watched] = pid
            changes.register(watched, select.POLLIN)
            _tell(line, {"born": pid})


def _asked_for(line: socket.socket) -> tuple[dict[str, object], array.array[int]]:
    """What the supervisor wants, or this process's end."""
    try:
        said, descriptors, _, _ = socket.recv_fds(line, MESSAGE_BYTES, MOST_DESCRIPTORS)
    except ConnectionError:
        said = b""
    if not said:
        # Nothing here has anything to put away, and what the supervisor has is not this process's.
        os._exit(0)
    return json.loads(said), array.array("i", descriptors)


def _tell(line: socket.socket, told: dict[str, int]) -> None:
    with contextlib.suppress(OSError):  # The supervisor is gone, which the next look shows.
        line.send(json.dumps(told).encode())


def _place_of(wanted: dict[str, object], descriptors: array.array[int]) -> Place:
    """In the worker: its place, with the descriptors as they are numbered here."""
    if wanted.pop("silent"):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)
    lifeline, *ports = descriptors
    return Place(**{**wanted, "lifeline_fd": lifeline, "port_fds": tuple(ports)})  # type: ignore[arg-type]
