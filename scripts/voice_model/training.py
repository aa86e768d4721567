"""Command: trains the network on shards of recordings for a given time, exporting it every few minutes."""

import argparse
import copy
import math
import os
import time
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import torch
from torch import Tensor, distributed, multiprocessing, nn
from torch.nn import functional
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, IterableDataset

from scripts.voice_model.batches import IGNORED, Batches, class_of_token
from scripts.voice_model.corpus import load_answers
from scripts.voice_model.export import export
from scripts.voice_model.network import Network, Shape
from scripts.voice_model.tokens import build_tokenizer

PEAK_RATE = 1.2e-3
WARM_UP_STEPS = 300
FRAMES_WEIGHT, FOCUS_WEIGHT = 0.5, 0.25
AVERAGING = 0.998


class Stream(IterableDataset):
    """Batches of a process as dictionaries of tensors, made in a process beside it."""

    def __init__(self, batches: Batches) -> None:
        self._batches = batches

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        for batch in self._batches:
            yield {field.name: torch.from_numpy(getattr(batch, field.name)) for field in fields(batch)}


def focus_loss(attention: Tensor, focus: Tensor) -> Tensor:
    """How little of the aligned head's attention falls on the frames where each target was spoken."""
    frames = torch.arange(attention.shape[2])
    known = focus[..., 0] >= 0
    last = focus[..., 1].clamp(max=attention.shape[2])
    first = torch.minimum(focus[..., 0], last - 1)
    inside = (frames >= first[..., None]) & (frames < torch.maximum(last, first + 1)[..., None])
    missed = -(attention * inside).sum(-1).clamp(min=1e-5).log()
    return (missed * known).sum() / known.sum().clamp(min=1)


def frame_loss(logits: Tensor, frames: Tensor) -> Tensor:
    """Cross-entropy of the token spoken in each frame; silence counts as much as speech."""
    loss = functional.cross_entropy(logits.float().transpose(1, 2), frames, ignore_index=IGNORED, reduction="none")
    speech, silence = frames > 0, frames == 0
    return (loss * speech).sum() / speech.sum().clamp(min=1) + (loss * silence).sum() / silence.sum().clamp(min=1)


def losses(network: nn.Module, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    """Cross-entropy, frame and focus losses of a batch, computed in bfloat16."""
    with torch.autocast("cpu", torch.bfloat16):
        logits, attention, spoken = network(batch["features"], batch["tokens"])
    asked = batch["targets"] != IGNORED
    cross_entropy = functional.cross_entropy(logits[asked].float(), batch["targets"][asked])
    return cross_entropy, frame_loss(spoken, batch["frames"]), focus_loss(attention, batch["focus"])


def learning_rate(step: int, share_of_time: float) -> float:
    """Warm-up by steps, then a cosine over the time there is."""
    cosine = (1 + math.cos(math.pi * min(1.0, share_of_time))) / 2
    return PEAK_RATE * min(1.0, (step + 1) / WARM_UP_STEPS) * (0.02 + 0.98 * cosine)


class Progress:
    """Prints mean losses twice a minute."""

    def __init__(self) -> None:
        self._started = self._printed = time.monotonic()
        self._sums, self._steps = torch.zeros(3), 0

    def add(self, step: int, parts: tuple[Tensor, ...]) -> None:
        """Count a step's losses."""
        self._sums += torch.stack([part.detach() for part in parts])
        self._steps += 1
        now = time.monotonic()
        if now - self._printed > 30:
            means = " ".join(f"{value:.3f}" for value in (self._sums / self._steps).tolist())
            pace = (now - self._printed) / self._steps
            print(
                f"{(now - self._started) / 60:5.1f} min, step {step}: "
                f"cross-entropy, frames, focus {means}; {pace:.2f} s a step",
                flush=True,
            )
            self._sums, self._steps, self._printed = torch.zeros(3), 0, now


def train(rank: int, options: argparse.Namespace) -> None:
    """Train as one of `options.processes` (one thread each: they wait for each other once a step)."""
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(options.port)}
    distributed.init_process_group("gloo", rank=rank, world_size=options.processes)
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)
    answers = load_answers(options.flows)
    tokenizer = build_tokenizer(answers)
    classes = class_of_token(tokenizer, answers)
    network = Network(Shape(vocabulary=tokenizer.get_vocab_size(), text_tokens=len(classes) + 1))
    if options.resume:
        network.load_state_dict(torch.load(options.resume)["network"])
    averaged = copy.deepcopy(network)
    parallel = DistributedDataParallel(network)
    optimiser = torch.optim.AdamW(network.parameters(), lr=PEAK_RATE, betas=(0.9, 0.98), weight_decay=0.02)
    batches = Batches(options.recordings, tokenizer, classes, 100 * options.seed + rank)
    progress = Progress()
    started = exported = time.monotonic()
    for step, batch in enumerate(DataLoader(Stream(batches), batch_size=None, num_workers=1, prefetch_factor=4)):
        share = torch.tensor((time.monotonic() - started) / (60 * options.minutes))
        distributed.broadcast(share, 0)  # one clock, or the processes' rates would part
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(step, float(share))
        parts = losses(parallel, batch)
        (parts[0] + FRAMES_WEIGHT * parts[1] + FOCUS_WEIGHT * parts[2]).backward()
        if torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0).isfinite():
            optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        average(averaged, network, min(AVERAGING, (step + 1) / (step + 10)))
        if rank == 0:
            progress.add(step, parts)
            if time.monotonic() - exported > 60 * options.export_minutes or share >= 1:
                exported = time.monotonic()
                save(network, averaged, options.output.with_suffix(".pt"))
                export(averaged, tokenizer, options.output)
        if share >= 1:
            break
    distributed.destroy_process_group()


@torch.no_grad()
def average(averaged: Network, network: Network, decay: float) -> None:
    """Move the exported weights, a running mean, towards the trained ones."""
    for mean, parameter in zip(averaged.parameters(), network.parameters(), strict=True):
        mean.lerp_(parameter, 1 - decay)


def save(network: Network, averaged: Network, checkpoint: Path) -> None:
    """Keep the weights beside the export, for a later look."""
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"network": network.state_dict(), "averaged": averaged.state_dict()}, checkpoint)


def main() -> None:
    """Parse the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recordings", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--flows", type=Path, default=Path("question_flows/flows"))
    parser.add_argument("--resume", type=Path, help="weights to begin with, saved by an earlier training")
    parser.add_argument("--minutes", type=float, default=70.0)
    parser.add_argument("--export-minutes", type=float, default=8.0)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--port", type=int, default=29511)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    multiprocessing.spawn(train, args=(options,), nprocs=options.processes)


if __name__ == "__main__":
    main()
