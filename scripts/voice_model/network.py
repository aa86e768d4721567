"""The network in PyTorch: Whisper's architecture (Radford et al. 2022, arXiv 2212.04356), very small.

Two things help it learn in minutes and are dropped at the export: a classifier of the encoder's frames, and
the attention of one decoder head, returned so that it can be taught where each token was spoken.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of the network; `text_tokens` is the number of classes of frames, silence included."""

    vocabulary: int
    text_tokens: int
    width: int = 192
    heads: int = 3
    encoder_layers: int = 4
    decoder_layers: int = 2
    mels: int = 80
    audio_positions: int = 1500
    text_positions: int = 448
    dropout: float = 0.0


_LONGEST_SPELT_OUT = 700
ALIGNED_HEAD = 0  # of the last decoder layer


def sinusoids(length: int, width: int) -> Tensor:
    """Whisper's position encodings, length × width."""
    increment = torch.log(torch.tensor(10000.0)) / (width // 2 - 1)
    scales = torch.exp(-increment * torch.arange(width // 2))
    angles = torch.arange(length)[:, None] * scales[None, :]
    return torch.cat([angles.sin(), angles.cos()], dim=1)


def attend(query: Tensor, key: Tensor, value: Tensor, causal: bool) -> Tensor:
    """Scaled dot-product attention; spelt out for short windows, where PyTorch's own is slow to train."""
    if query.shape[2] > _LONGEST_SPELT_OUT:
        return functional.scaled_dot_product_attention(query, key, value, is_causal=causal)
    scores = (query * query.shape[-1] ** -0.5) @ key.transpose(-1, -2)
    if causal:
        later = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
        scores = scores.masked_fill(later, -1e4)
    return scores.softmax(-1, dtype=scores.dtype) @ value


class Attention(nn.Module):
    """Pre-norm multi-head attention; of itself (fused query-key-value) or of the encoder's output."""

    def __init__(self, shape: Shape, crossed: bool) -> None:
        super().__init__()
        width = shape.width
        self.heads = shape.heads
        self.norm = nn.LayerNorm(width)
        self.query = nn.Linear(width, width) if crossed else None
        self.inputs = nn.Linear(width, 2 * width if crossed else 3 * width)
        self.output = nn.Linear(width, width)
        self.dropout = nn.Dropout(shape.dropout)

    def forward(
        self, x: Tensor, memory: Tensor | None = None, causal: bool = False, weights: bool = False
    ) -> tuple[Tensor, Tensor | None]:
        """x + attention(x), batch × length × width; and the attention of ALIGNED_HEAD if `weights`."""
        normed = self.norm(x)
        if self.query is None or memory is None:
            query, key, value = (self._split(part) for part in self.inputs(normed).chunk(3, dim=-1))
        else:
            query = self._split(self.query(normed))
            key, value = (self._split(part) for part in self.inputs(memory).chunk(2, dim=-1))
        attended = attend(query, key, value, causal)
        focus = None
        if weights:
            scores = query[:, ALIGNED_HEAD] @ key[:, ALIGNED_HEAD].transpose(1, 2)
            focus = (scores.float() * query.shape[-1] ** -0.5).softmax(dim=-1)
        merged = attended.transpose(1, 2).flatten(2)
        return x + self.dropout(self.output(merged)), focus

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)


class FeedForward(nn.Module):
    """Pre-norm feed-forward with GELU, four times as wide inside."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(shape.width)
        self.inner = nn.Linear(shape.width, 4 * shape.width)
        self.outer = nn.Linear(4 * shape.width, shape.width)
        self.dropout = nn.Dropout(shape.dropout)

    def forward(self, x: Tensor) -> Tensor:
        """x + ffn(x)."""
        return x + self.dropout(self.outer(functional.gelu(self.inner(self.norm(x)))))


class Encoder(nn.Module):
    """Mel features, batch × mels × frames, to batch × frames/2 × width."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(shape.mels, shape.width, 3, padding=1)
        self.conv2 = nn.Conv1d(shape.width, shape.width, 3, stride=2, padding=1)
        self.register_buffer("positions", sinusoids(shape.audio_positions, shape.width))
        self.attentions = nn.ModuleList(Attention(shape, crossed=False) for _ in range(shape.encoder_layers))
        self.feed_forwards = nn.ModuleList(FeedForward(shape) for _ in range(shape.encoder_layers))
        self.norm = nn.LayerNorm(shape.width)

    def forward(self, features: Tensor) -> Tensor:
        """Encode features."""
        x = functional.gelu(self.conv1(features))
        x = functional.gelu(self.conv2(x)).transpose(1, 2)
        x = x + self.positions[: x.shape[1]]
        for attention, feed_forward in zip(self.attentions, self.feed_forwards, strict=True):
            x = feed_forward(attention(x)[0])
        return self.norm(x)


class Decoder(nn.Module):
    """Tokens and the encoder's output to logits, batch × length × vocabulary."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.embeddings = nn.Embedding(shape.vocabulary, shape.width)
        nn.init.normal_(self.embeddings.weight, std=0.03)
        self.positions = nn.Parameter(0.05 * sinusoids(shape.text_positions, shape.width))
        layers = range(shape.decoder_layers)
        self.attentions = nn.ModuleList(Attention(shape, crossed=False) for _ in layers)
        self.crossed = nn.ModuleList(Attention(shape, crossed=True) for _ in layers)
        self.feed_forwards = nn.ModuleList(FeedForward(shape) for _ in layers)
        self.norm = nn.LayerNorm(shape.width)

    def forward(self, tokens: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Logits, and the last layer's aligned head's attention (batch × length × frames/2)."""
        x = self.embeddings(tokens) + self.positions[: tokens.shape[1]]
        focus: Tensor | None = None
        for attention, crossed, feed_forward in zip(self.attentions, self.crossed, self.feed_forwards, strict=True):
            x = attention(x, causal=True)[0]
            x, focus = crossed(x, memory, weights=crossed is self.crossed[-1])
            x = feed_forward(x)
        assert focus is not None
        return self.norm(x) @ self.embeddings.weight.T, focus


class Network(nn.Module):
    """Encoder, decoder, and the frame classifier used in training only."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.encoder = Encoder(shape)
        self.decoder = Decoder(shape)
        self.frame_classes = nn.Linear(shape.width, shape.text_tokens)

    def forward(self, features: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Decoder logits, attention of the aligned head, frame classes (batch × frames/2 × classes)."""
        memory = self.encoder(features)
        logits, focus = self.decoder(tokens, memory)
        return logits, focus, self.frame_classes(memory)
