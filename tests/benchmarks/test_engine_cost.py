"""The engine's cost table: models with random weights that really run, and the same number of tokens every time."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import ctranslate2
import pytest

from scripts.benchmarks import engine_cost
from scripts.benchmarks.engine_cost import Measurement, calculated, demand_on, milliseconds
from scripts.benchmarks.random_whisper import Shape, write_model

SMALLEST = Shape(width=64, heads=1, encoder_layers=1, decoder_layers=1)


@pytest.fixture(scope="module")
def measurement(tmp_path_factory: pytest.TempPathFactory) -> Measurement:
    folder: Path = tmp_path_factory.mktemp("random")
    write_model(SMALLEST, folder)
    model = ctranslate2.models.Whisper(str(folder), "cpu", compute_type="int8", intra_threads=1)
    assert model.is_multilingual
    return Measurement(model, SMALLEST, to_cpu=False)


def test_every_operation_has_a_time_for_every_bucket_and_batch(measurement: Measurement) -> None:
    tables = measurement.tables((2, 8), (1, 2))
    assert len(tables) == 5
    for table in tables.values():
        assert {bucket: set(row) for bucket, row in table.items()} == {"2": {"1", "2"}, "8": {"1", "2"}}
        assert all(took_ms > 0 for row in table.values() for took_ms in row.values())


def test_what_was_not_measured_is_not_calculated(measurement: Measurement) -> None:
    tables = {"smallest": measurement.tables((8,), (1,))}
    machines = calculated(tables, "cpu", 1, demand_on("cpu"))["machines"]
    assert isinstance(machines, dict)
    assert machines["8 cores"]["smallest"]["interviews"] >= machines["2 cores"]["smallest"]["interviews"] > 0
    assert str(machines["GPU"]).startswith("not measured")


def test_a_time_is_the_shortest_of_several_runs() -> None:
    pauses = [0.03, 0.01] + [0.03] * 20
    assert 10 <= milliseconds(lambda: time.sleep(pauses.pop(0))) < 30
    assert 22 - len(pauses) >= 3


def test_an_unknown_shape_is_named() -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="no such shape: enormous"):
        engine_cost._names("tiny,enormous")


@pytest.mark.skipif(ctranslate2.get_cuda_device_count() > 0, reason="this machine has a GPU")
def test_without_a_gpu_nothing_is_measured_on_one() -> None:
    with pytest.raises(SystemExit, match="No CUDA device"):
        engine_cost.run("cuda", ["tiny"], 0, quick=True)
