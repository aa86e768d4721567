"""Whisper models of the known shapes with random weights: they cost what the real ones cost, and say nothing.

What one decode costs follows from the shapes of the matrices and from the number of steps, not from the weights; so
the engine can be measured where no model can be fetched. Written as int8, which CTranslate2 turns into whatever
compute type the device is to use.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ctranslate2.specs import WhisperSpec

TEXT_TOKENS = 50_256
"""Words of Whisper's multilingual vocabulary; ids from here on are special."""
END_TOKEN = TEXT_TOKENS + 1
START_TOKEN = END_TOKEN + 1
_TIMESTAMPS = 1_501
_AUDIO_POSITIONS = 1_500
_TEXT_POSITIONS = 448


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a Whisper model. width: of its layers; the feed-forward ones are four times as wide."""

    width: int
    heads: int
    encoder_layers: int
    decoder_layers: int
    mels: int = 80
    languages: int = 99

    @property
    def prompt(self) -> list[int]:
        """Tokens every decode begins with: start, English, transcribe, no timestamps."""
        transcribe = START_TOKEN + self.languages + 2
        return [START_TOKEN, START_TOKEN + 1, transcribe, transcribe + 4]


SHAPES = {
    "tiny": Shape(384, 6, 4, 4),
    "base": Shape(512, 8, 6, 6),
    "small": Shape(768, 12, 12, 12),
    "large-v3-turbo": Shape(1280, 20, 32, 4, mels=128, languages=100),
}


def write_model(shape: Shape, directory: Path) -> None:
    """Write a model of this shape for `ctranslate2.models.Whisper` into an existing folder."""
    vocabulary = _vocabulary(shape.languages)
    spec = WhisperSpec(shape.encoder_layers, shape.heads, shape.decoder_layers, shape.heads)
    _Weights(shape.width).fill(spec, shape, len(vocabulary))
    spec.register_vocabulary(vocabulary)
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = []
    spec.config.lang_ids = list(range(START_TOKEN + 1, START_TOKEN + 1 + shape.languages))
    spec.config.alignment_heads = [[shape.decoder_layers - 1, head] for head in range(min(6, shape.heads))]
    spec.validate()
    spec.save(str(directory))


def _vocabulary(languages: int) -> list[str]:
    """Names in Whisper's order. The empty word tells CTranslate2 that the model is multilingual."""
    return [
        *(f"w{index}" for index in range(TEXT_TOKENS)),
        "",
        "<|endoftext|>",
        "<|startoftranscript|>",
        *(f"<|language{index}|>" for index in range(languages)),
        *("<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>"),
        *(f"<|{index / 50:.2f}|>" for index in range(_TIMESTAMPS)),
    ]


class _Weights:
    """Fills a specification. The same numbers at every run."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._random = np.random.default_rng(0)

    def fill(self, spec: Any, shape: Shape, vocabulary: int) -> None:
        width = self._width
        self._matrix(spec.encoder.conv1, width, shape.mels, 3)
        self._matrix(spec.encoder.conv2, width, width, 3)
        spec.encoder.position_encodings.encodings = self._floats(_AUDIO_POSITIONS, width)
        self._norm(spec.encoder.layer_norm)
        for layer in spec.encoder.layer:
            self._layer(layer)
        self._matrix(spec.decoder.embeddings, vocabulary, width)
        self._matrix(spec.decoder.projection, vocabulary, width)
        spec.decoder.position_encodings.encodings = self._floats(_TEXT_POSITIONS, width)
        self._norm(spec.decoder.layer_norm)
        for layer in spec.decoder.layer:
            self._layer(layer)
            self._attention(layer.attention, width, 2 * width, width)

    def _layer(self, layer: Any) -> None:
        width = self._width
        self._attention(layer.self_attention, 3 * width, width)
        self._norm(layer.ffn.layer_norm)
        self._matrix(layer.ffn.linear_0, 4 * width, width)
        self._matrix(layer.ffn.linear_1, width, 4 * width)

    def _attention(self, attention: Any, *outputs: int) -> None:
        self._norm(attention.layer_norm)
        for linear, size in zip(attention.linear, outputs, strict=True):
            self._matrix(linear, size, self._width)

    def _norm(self, norm: Any) -> None:
        norm.gamma, norm.beta = np.ones(self._width, np.float32), np.zeros(self._width, np.float32)

    def _matrix(self, linear: Any, *size: int) -> None:
        """int8 with one scale a row, such that a row's products keep the variance of what goes in."""
        linear.weight = self._random.integers(-127, 128, size, np.int8)
        fan_in = int(np.prod(size[1:]))
        linear.weight_scale = np.full(size[0], 127 / np.sqrt(3 / fan_in), np.float32)
        if hasattr(linear, "bias"):
            linear.bias = np.zeros(size[0], np.float32)

    def _floats(self, *size: int) -> np.ndarray[Any, np.dtype[np.float32]]:
        return self._random.normal(0, 0.02, size).astype(np.float32)
