"""The parent of several workers: keeps the port they share, starts them, replaces those that die, ends with them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import socket
import tempfile
import time
import uuid
from collections.abc import Iterator

from server.announcing import announce_doors, announce_ready, announce_stop
from server.app import flows_of
from server.draining import Stopping
from server.settings import Settings
from server.starting import CannotStart, database_opens, make_data_dir, port_opens, tls_context
from server.storage.database import Database
from server.workers.place import Place
from server.workers.serving import DRAIN, STOP
from server.workers.zygote import Child, Zygote, ZygoteLost

log = logging.getLogger(__name__)

FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 30.0
STEADY_SECONDS = 60.0
"""A worker that lived this long was well: its successor starts without the waits that earlier deaths had earned."""
STOP_SECONDS = 12.0
"""An orderly stop takes at most 10 s; a worker that is not gone then is killed."""
BACKLOG = 512
LONGEST_FOLDER = 90
"""Bytes; the path of a socket in it may have 107, and of some systems 103."""


async def supervise(settings: Settings, zygote: Zygote) -> None:
    """Serves by several workers until told to end. Raises CannotStart, FlowError."""
    tls_context(settings)
    flows_of(settings)
    make_data_dir(settings)
    # Made here, not by several workers at once.
    settings.signing_secret()
    with contextlib.ExitStack() as stack:
        ports = stack.enter_context(shared_ports(settings))
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="interviews-", ignore_cleanup_errors=True))
        if len(os.fsencode(folder)) > LONGEST_FOLDER:
            raise CannotStart(
                f"the path of {tempfile.gettempdir()} is too long for sockets. Set TMPDIR to a shorter one."
            )
        database = Database(settings.sqlalchemy_url)
        with database_opens(settings):
            await database.open()
        await announce_doors(settings, database, ports[0].getsockname()[1])
        await database.close()
        await Supervisor(settings, zygote, ports, folder).run()


@contextlib.contextmanager
def shared_ports(settings: Settings) -> Iterator[list[socket.socket]]:
    """The server's port on each address of its host, listening. Raises CannotStart.

    Inherited by the workers and not opened by each with SO_REUSEPORT: what connects while a worker is replaced waits
    for its siblings, no connection ends with the worker it was dealt to, and a second server is told "in use".
    """
    with contextlib.ExitStack() as stack, port_opens(settings):
        ports: list[socket.socket] = []
        found = socket.getaddrinfo(
            settings.host or None, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        for family, *_, address in dict.fromkeys(found):
            wanted = settings.port or (ports[0].getsockname()[1] if ports else 0)
            port = stack.enter_context(socket.create_server((str(address[0]), wanted), family=family, backlog=BACKLOG))
            port.setblocking(False)
            ports.append(port)
        yield ports


class Supervisor:
    """`run` returns when every worker is gone."""

    def __init__(self, settings: Settings, zygote: Zygote, ports: list[socket.socket], folder: str) -> None:
        self._settings = settings
        self._zygote = zygote
        self._ports = ports
        self._folder = folder
        self._run = uuid.uuid4().hex[:12]
        self._count = settings.worker_count
        self._stopping = Stopping()
        self._lifelines: dict[int, socket.socket] = {}
        self._processes: dict[int, Child] = {}
        self._ready = [asyncio.get_running_loop().create_future() for _ in range(self._count)]
        self._served = False

    async def run(self) -> None:
        """Raises CannotStart when a worker ends before the server has ever been ready, or none can be replaced."""
        self._stopping.follow_signals()
        self._told = asyncio.create_task(self._stopping.told())
        keepers = [asyncio.create_task(self._keep(number)) for number in range(self._count)]
        following = asyncio.create_task(self._zygote.follow())
        tasks = [
            asyncio.create_task(self._announce()),
            asyncio.create_task(self._pass_on_drain()),
            asyncio.create_task(self._pass_on_stop()),
        ]
        try:
            await asyncio.gather(*keepers)
        except ZygoteLost:
            raise CannotStart("the process that forks the workers has ended, so nothing could be replaced.") from None
        finally:
            for task in (self._told, *tasks, *keepers):
                task.cancel()
            await asyncio.wait((self._told, *tasks, *keepers))
            for process in self._processes.values():
                process.kill()
            await asyncio.gather(*(process.ended for process in self._processes.values()), return_exceptions=True)
            following.cancel()
            await asyncio.wait((following,))

    async def _announce(self) -> None:
        words = await asyncio.gather(*self._ready)
        self._served = True
        silent = [word for word in words if not word["speech"]]
        announce_ready(**(silent or words)[0])

    async def _pass_on_drain(self) -> None:
        await self._stopping.told()
        announce_stop()
        self._order(DRAIN)

    async def _pass_on_stop(self) -> None:
        await self._stopping.told()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._settings.drain_seconds):
                await self._stopping.told_to_stop()
        self._order(STOP)
        await asyncio.sleep(STOP_SECONDS)
        for process in self._processes.values():
            if not process.ended.done():
                log.error("a worker did not end and is killed", extra={"pid": process.pid})
                process.kill()

    def _order(self, order: bytes) -> None:
        for lifeline in self._lifelines.values():
            with contextlib.suppress(OSError):
                lifeline.send(order)

    async def _keep(self, number: int) -> None:
        """One worker, and its successors."""
        if number > 0:
            # The first one fetches and checks the model: the others find it there.
            await asyncio.wait((self._ready[0], self._told), return_when=asyncio.FIRST_COMPLETED)
        wait = FIRST_WAIT_SECONDS
        generation = 0
        while not self._stopping.has_begun():
            began = time.monotonic()
            status = await self._work(number, generation)
            if self._stopping.has_begun():
                return
            if not self._served:
                raise CannotStart(f"worker {number} ended with status {status}; its message stands above.")
            log.error("worker %d ended with status %d and is started again", number, status)
            wait = FIRST_WAIT_SECONDS if time.monotonic() - began >= STEADY_SECONDS else wait
            await asyncio.wait((self._told,), timeout=wait)
            wait = min(LONGEST_WAIT_SECONDS, wait * 2)
            generation += 1

    async def _work(self, number: int, generation: int) -> int:
        ours, theirs = socket.socketpair()
        place = Place(
            run=self._run,
            folder=self._folder,
            number=number,
            count=self._count,
            generation=generation,
            port_fds=tuple(port.fileno() for port in self._ports),
            lifeline_fd=theirs.fileno(),
        )
        with ours:
            with theirs:
                # Progress and warnings are printed once.
                process = await self._zygote.fork(place, silent=number > 0 or generation > 0)
            self._processes[number], self._lifelines[number] = process, ours
            if self._stopping.has_begun():
                ours.send(DRAIN)
            listening = asyncio.create_task(self._listen(number, ours))
            try:
                return await asyncio.shield(process.ended)
            finally:
                del self._lifelines[number]
                listening.cancel()
                await asyncio.wait((listening,))

    async def _listen(self, number: int, lifeline: socket.socket) -> None:
        lifeline.setblocking(False)
        said = b""
        while more := await asyncio.get_running_loop().sock_recv(lifeline, 4096):
            said += more
            if said.endswith(b"\n") and not self._ready[number].done():
                self._ready[number].set_result(json.loads(said))
