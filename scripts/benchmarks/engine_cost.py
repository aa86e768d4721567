"""What the engine costs: Whisper's shapes with random weights, by length of sound and size of batch.

Every decode is forced to the same number of tokens, so that the figures depend on nothing that is said. From them it
is calculated how many interviews a machine carries (carried.py has the model and its assumptions).
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np

from analyzers.transcription.models import default_threads
from analyzers.transcription.whisper import CPU_MOST_BATCH, CPU_WINDOWS_S, GPU_MOST_BATCH, GPU_WINDOWS_S
from scripts.benchmarks.carried import Carried, Costs, Demand, carried
from scripts.benchmarks.random_whisper import END_TOKEN, SHAPES, Shape, write_model

BATCHES = (1, 2, 4, 8, 16)
GPU_BATCHES = (1, 2, 4, 8, 16, 32)
BUCKETS_S = (2, 5, 8, 15, 30)
CORES = (2, 8)
TOKENS = 20
BEAM = 5
_FRAMES_A_SECOND = 100
_ENOUGH_S = 0.4
_LONG_S = 1.5
_MOST_RUNS = 15

Table = dict[str, dict[str, float]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line's options; they are run's arguments."""
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="where to compute")
    parser.add_argument("--models", type=_names, default=["tiny", "base", "small"], help="shapes, with commas between")
    parser.add_argument("--threads", type=int, default=0, help="threads on a CPU; 0: as many as the server takes")
    parser.add_argument("--quick", action="store_true", help="two buckets and two batches only, to see that it works")


def _names(text: str) -> list[str]:
    names = text.split(",")
    if unknown := [name for name in names if name not in SHAPES]:
        raise argparse.ArgumentTypeError(f"no such shape: {', '.join(unknown)}; there are {', '.join(SHAPES)}")
    return names


def run(device: str, models: Sequence[str], threads: int, quick: bool) -> dict[str, object]:
    """Measure the shapes; milliseconds by bucket (seconds of sound) and by batch (items, for all of them)."""
    if device == "cuda" and ctranslate2.get_cuda_device_count() == 0:
        raise SystemExit("No CUDA device is usable here: run it with --device cpu, or on a machine that has one.")
    threads = threads or default_threads()
    batches = (1, 4) if quick else GPU_BATCHES if device == "cuda" else BATCHES
    demand = demand_on(device)
    buckets = (2, demand.window_s) if quick else BUCKETS_S
    compute_type = "float16" if device == "cuda" else "int8"
    tables: dict[str, dict[str, Table]] = {}
    for name in models:
        with tempfile.TemporaryDirectory(prefix="random-whisper-") as folder:
            write_model(SHAPES[name], Path(folder))
            model = ctranslate2.models.Whisper(folder, device, compute_type=compute_type, intra_threads=threads)
        tables[name] = Measurement(model, SHAPES[name], to_cpu=device == "cuda").tables(buckets, batches)
        print(f"{name} measured", flush=True)
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "device": device,
        "threads": threads,
        "compute_type": compute_type,
        "tokens": TOKENS,
        "models": tables,
        "calculated": calculated(tables, device, threads, demand),
    }


class Measurement:
    """Times one loaded model. to_cpu: fetch the encoder's result, without which a GPU answers before it is done."""

    def __init__(self, model: Any, shape: Shape, *, to_cpu: bool) -> None:
        self._model = model
        self._shape = shape
        self._to_cpu = to_cpu

    def tables(self, buckets_s: Sequence[int], batches: Sequence[int]) -> dict[str, Table]:
        """Each operation's table: bucket → batch → milliseconds for the whole batch.

        encode_ms is one item after the other, hence n times the measured one; encode_batched_ms is all in one call.
        """
        tables: dict[str, Table] = {}
        for bucket in buckets_s:
            one = milliseconds(lambda sound=self._sound(bucket, 1): self._encode(sound))  # type: ignore[misc]
            for batch in batches:
                cell = self._cell(bucket, batch) | {"encode_ms": batch * one}
                for operation, took_ms in cell.items():
                    tables.setdefault(operation, {}).setdefault(str(bucket), {})[str(batch)] = round(took_ms, 2)
        return tables

    def _cell(self, bucket: int, batch: int) -> dict[str, float]:
        sound = self._sound(bucket, batch)
        encoded = self._model.encode(sound)
        text = [list(range(100, 100 + TOKENS))] * batch
        frames = [bucket * _FRAMES_A_SECOND // 2] * batch
        return {
            "encode_batched_ms": milliseconds(lambda: self._encode(sound)),
            f"decode_ms_per_{TOKENS}_tokens": milliseconds(lambda: self._decode(encoded, batch, 1)),
            f"beam_{BEAM}_decode_ms_per_{TOKENS}_tokens": milliseconds(lambda: self._decode(encoded, batch, BEAM)),
            f"align_ms_per_{TOKENS}_tokens": milliseconds(
                lambda: self._model.align(encoded, self._shape.prompt, text, frames)
            ),
        }

    def _sound(self, bucket: int, batch: int) -> Any:
        features = np.random.default_rng(bucket).normal(0, 0.5, (batch, self._shape.mels, bucket * _FRAMES_A_SECOND))
        return ctranslate2.StorageView.from_array(features.astype(np.float32))

    def _encode(self, sound: Any) -> None:
        self._model.encode(sound, to_cpu=self._to_cpu)

    def _decode(self, encoded: Any, batch: int, beam: int) -> None:
        """Exactly TOKENS steps: the end is forbidden, and CTranslate2 takes half of max_length for the text."""
        results = self._model.generate(
            encoded,
            [self._shape.prompt] * batch,
            beam_size=beam,
            max_length=2 * TOKENS,
            suppress_tokens=[END_TOKEN],
            return_scores=True,
            return_no_speech_prob=True,
        )
        if any(len(result.sequences_ids[0]) != TOKENS for result in results):
            raise RuntimeError(f"a decode did not have {TOKENS} tokens; its time would say nothing")


def milliseconds(work: Callable[[], object]) -> float:
    """The shortest of 3 to 15 runs: what else a machine does only makes a run longer. Beyond 1.5 s one run must do."""
    took = [_seconds(work)]
    while took[0] <= _LONG_S and (len(took) < 3 or (sum(took) < _ENOUGH_S and len(took) < _MOST_RUNS)):
        took.append(_seconds(work))
    return 1000 * min(took)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def demand_on(device: str) -> Demand:
    """What is asked of the engine, with the windows and batches that it takes on this device."""
    on_cpu = device == "cpu"
    return Demand(
        window_s=(CPU_WINDOWS_S if on_cpu else GPU_WINDOWS_S)[0],
        tokens=TOKENS,
        beam=BEAM,
        most_batch=CPU_MOST_BATCH if on_cpu else GPU_MOST_BATCH,
    )


def calculated(
    tables: Mapping[str, Mapping[str, Table]], device: str, threads: int, demand: Demand
) -> dict[str, object]:
    """How many interviews a machine carries with which model, with every assumption; what was not measured says so."""
    costs = {name: costs_of(table, demand) for name, table in tables.items()}
    if device == "cuda":
        machines: dict[str, object] = {"this GPU": {name: _row(carried(cost, demand)) for name, cost in costs.items()}}
    else:
        machines = {
            f"{cores} cores": {
                name: _row(carried(cost, demand, max(1, (cores - 1) // threads))) for name, cost in costs.items()
            }
            for cores in CORES
        }
        machines["GPU"] = (
            "not measured: these figures were taken on a CPU; run it with --device cuda where there is one"
        )
    return {"assumptions": demand.sentences(), "machines": machines}


def costs_of(tables: Mapping[str, Table], demand: Demand) -> Costs:
    """One model's tables as the calculation takes them."""

    def row(operation: str) -> dict[int, float]:
        return {int(batch): took_ms for batch, took_ms in tables[operation][str(demand.window_s)].items()}

    one_by_one, together = row("encode_ms"), row("encode_batched_ms")
    return Costs(
        encode={batch: min(took_ms, together[batch]) for batch, took_ms in one_by_one.items()},
        decode=row(f"decode_ms_per_{demand.tokens}_tokens"),
        align=row(f"align_ms_per_{demand.tokens}_tokens"),
        final_decode=row(f"beam_{demand.beam}_decode_ms_per_{demand.tokens}_tokens")[1],
    )


def _row(result: Carried) -> dict[str, float]:
    return {
        "interviews": result.interviews,
        "batch": result.batch,
        "engine_ms_per_second_of_speech": result.engine_ms,
    }
