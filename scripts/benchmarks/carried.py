"""From what one decode costs to how many interviews a machine carries: a calculation, not a measurement. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Demand:
    """What an interview asks of the engine, and how much of the engine may be asked for.

    window_s: bucket that partials and finals are padded to. tokens: words' tokens in it. partial_every_s,
    final_every_s: seconds of speech for each. beam: search width of a final. speaking_share: of the interviews, how
    many have somebody speaking at one moment. busy: share of the engine's throughput that may be used; the rest is
    what keeps queues short when people begin to speak at the same time, and pays for features and voice detection.
    most_batch: items that the engine takes together. longest_batch_s: a final that has just missed a batch waits for
    its end, so this bounds how large one may be.
    """

    window_s: int = 8
    tokens: int = 20
    partial_every_s: float = 1.0
    final_every_s: float = 6.0
    beam: int = 5
    speaking_share: float = 0.6
    busy: float = 0.7
    most_batch: int = 8
    longest_batch_s: float = 0.5

    def sentences(self) -> list[str]:
        """Every assumption, for a reader of the figures."""
        return [
            f"While somebody speaks, a partial every {self.partial_every_s:g} s: a window of {self.window_s} s,"
            f" {self.tokens} tokens, greedy, aligned for word times, gathered into batches with other interviews'.",
            f"A final every {self.final_every_s:g} s of speech: the same window and tokens, beam {self.beam},"
            " aligned, decoded alone.",
            f"Somebody speaks in {self.speaking_share:.0%} of the interviews at any moment.",
            f"{self.busy:.0%} of the engine's throughput is used, so that a queue shrinks again.",
            f"A batch is the best of the measured sizes up to {self.most_batch}, not larger than there are people"
            f" speaking, and takes at most {self.longest_batch_s:g} s.",
            "A machine with n cores runs n - 1 engines as the measured one, each in a process of its own, because more"
            " threads in one engine make the decoder no faster.",
            "Real weights cost what random ones of the same shape cost; nothing is decoded a second time.",
        ]


@dataclass(frozen=True, slots=True)
class Costs:
    """Milliseconds of computing in the demanded window, each by the number of items in the batch, for all of them.

    encode: the cheaper of one by one and together. decode: of the demanded tokens, greedy. align: word times.
    final_decode: with the beam, one item.
    """

    encode: Mapping[int, float]
    decode: Mapping[int, float]
    align: Mapping[int, float]
    final_decode: float


@dataclass(frozen=True, slots=True)
class Carried:
    """interviews: at once, on all engines. batch: items that each decodes together.

    engine_ms: of computing for each second that one person speaks.
    """

    interviews: int
    batch: int
    engine_ms: float


def engine_ms_per_second(costs: Costs, demand: Demand, batch: int) -> float:
    """Computing that one speaking person causes in a second, milliseconds, when partials come in batches."""
    partial = (costs.encode[batch] + costs.decode[batch] + costs.align[batch]) / batch
    final = costs.encode[1] + costs.final_decode + costs.align[1]
    return partial / demand.partial_every_s + final / demand.final_every_s


def carried(costs: Costs, demand: Demand, engines: int = 1) -> Carried:
    """The most interviews at once, over the batches that were measured; each engine carries as many as the others.

    A batch counts only when the engine takes it, as many people speak as it has items, and it takes no longer than a
    final may wait; a batch of one always does.
    """
    found: list[Carried] = []
    for batch in sorted(size for size in costs.decode if size <= demand.most_batch):
        engine_ms = engine_ms_per_second(costs, demand, batch)
        batch_s = (costs.encode[batch] + costs.decode[batch] + costs.align[batch]) / 1000
        speaking = 1000 * demand.busy / engine_ms
        if batch == 1 or (batch <= speaking and batch_s <= demand.longest_batch_s):
            interviews = engines * math.floor(speaking / demand.speaking_share)
            found.append(Carried(interviews, batch, round(engine_ms, 1)))
    return max(found, key=lambda one: one.interviews)
