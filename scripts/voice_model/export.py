"""Writes a trained network as a directory that `faster_whisper.WhisperModel` loads."""

import json
from pathlib import Path

import numpy as np
from ctranslate2.specs import WhisperSpec
from ctranslate2.specs.common_spec import LinearSpec
from tokenizers import Tokenizer
from torch import Tensor, nn

from scripts.voice_model.network import ALIGNED_HEAD, Attention, FeedForward, Network
from scripts.voice_model.tokens import SpecialTokens

MARKER = "synthetic_test_model"
WINDOWS_S = [3, 5, 8, 12, 16, 24, 30]
"""Windows that training cut speech to, so that live partials need not be padded further."""


def _array(tensor: Tensor) -> np.ndarray:  # type: ignore[type-arg]
    return tensor.detach().float().contiguous().numpy().copy()  # quantisation overwrites it


def _fill(spec: object, module: nn.Module) -> None:
    if isinstance(module, nn.LayerNorm):
        spec.gamma, spec.beta = _array(module.weight), _array(module.bias)  # type: ignore[attr-defined]
    elif isinstance(module, nn.Linear | nn.Conv1d) and module.bias is not None:
        spec.weight, spec.bias = _array(module.weight), _array(module.bias)  # type: ignore[attr-defined]
    else:
        raise TypeError(f"no specification for {type(module).__name__}")


def _fill_attention(spec: object, module: Attention) -> None:
    _fill(spec.layer_norm, module.norm)  # type: ignore[attr-defined]
    projections = [module.inputs, module.output]
    if module.query is not None:
        projections.insert(0, module.query)
    linears: list[LinearSpec] = spec.linear  # type: ignore[attr-defined]
    for linear, projection in zip(linears, projections, strict=True):
        _fill(linear, projection)


def _fill_feed_forward(spec: object, module: FeedForward) -> None:
    _fill(spec.layer_norm, module.norm)  # type: ignore[attr-defined]
    _fill(spec.linear_0, module.inner)  # type: ignore[attr-defined]
    _fill(spec.linear_1, module.outer)  # type: ignore[attr-defined]


def _specification(network: Network) -> WhisperSpec:
    shape = network.shape
    spec = WhisperSpec(shape.encoder_layers, shape.heads, shape.decoder_layers, shape.heads)
    encoder, decoder = network.encoder, network.decoder
    _fill(spec.encoder.conv1, encoder.conv1)
    _fill(spec.encoder.conv2, encoder.conv2)
    spec.encoder.position_encodings.encodings = _array(encoder.positions)
    _fill(spec.encoder.layer_norm, encoder.norm)
    for index, layer in enumerate(spec.encoder.layer):
        _fill_attention(layer.self_attention, encoder.attentions[index])
        _fill_feed_forward(layer.ffn, encoder.feed_forwards[index])
    spec.decoder.embeddings.weight = _array(decoder.embeddings.weight)
    spec.decoder.projection.weight = spec.decoder.embeddings.weight
    spec.decoder.position_encodings.encodings = _array(decoder.positions)
    _fill(spec.decoder.layer_norm, decoder.norm)
    for index, layer in enumerate(spec.decoder.layer):
        _fill_attention(layer.self_attention, decoder.attentions[index])
        _fill_attention(layer.attention, decoder.crossed[index])
        _fill_feed_forward(layer.ffn, decoder.feed_forwards[index])
    return spec


def export(network: Network, tokenizer: Tokenizer, directory: Path) -> None:
    """Write model.bin (int8), config.json, vocabulary.json, tokenizer.json and preprocessor_config.json."""
    directory.mkdir(parents=True, exist_ok=True)
    special = SpecialTokens.of(tokenizer)
    size = tokenizer.get_vocab_size()
    spec = _specification(network)
    spec.register_vocabulary([tokenizer.id_to_token(index) for index in range(size)])
    # The blank only: with <|endoftext|> in this list too, silence could not be answered by nothing.
    spec.config.suppress_ids_begin = [tokenizer.encode(" ", add_special_tokens=False).ids[0]]
    spec.config.suppress_ids = []
    spec.config.lang_ids = sorted(special.languages.values())
    spec.config.alignment_heads = [[network.shape.decoder_layers - 1, ALIGNED_HEAD]]
    spec.validate()
    spec.optimize(quantization="int8")
    spec.save(str(directory))
    tokenizer.save(str(directory / "tokenizer.json"), pretty=False)
    extractor = {"chunk_length": 30, "feature_size": 80, "hop_length": 160, "n_fft": 400, "sampling_rate": 16000}
    (directory / "preprocessor_config.json").write_text(json.dumps(extractor) + "\n", encoding="utf-8")
    config = json.loads((directory / "config.json").read_text(encoding="utf-8"))
    config[MARKER] = True
    config["windows_s"] = WINDOWS_S
    (directory / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
