"""Whisper's log-mel power before its normalisation, so that gain, noise and cuts can be applied to it later."""

import numpy as np
import numpy.typing as npt
from faster_whisper.feature_extractor import FeatureExtractor

RATE_HZ = 16_000
FRAMES_PER_SECOND = 100
MELS = 80
FLOOR = -10.0

Features = npt.NDArray[np.float32]


class MelExtractor:
    """Computes log10 mel power with the window, transform and filters of faster-whisper's extractor."""

    def __init__(self) -> None:
        self._extractor = FeatureExtractor(feature_size=MELS)
        self._window = np.hanning(self._extractor.n_fft + 1)[:-1].astype(np.float32)

    def __call__(self, samples: npt.NDArray[np.int16]) -> Features:
        """Frames × mels of mono int16 speech at 16 kHz, 100 frames a second."""
        waveform = np.pad(samples.astype(np.float32) / 32768.0, (0, 160))
        n_fft, hop = self._extractor.n_fft, self._extractor.hop_length
        padded = np.pad(waveform, n_fft // 2, mode="reflect")
        frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop]
        spectrum = np.abs(np.fft.rfft(frames * self._window, axis=-1)[:-1]) ** 2
        mel = spectrum.astype(np.float32) @ self._extractor.mel_filters.T
        return np.asarray(np.log10(np.maximum(mel, 10.0**FLOOR)), np.float32)


def normalise(log_mel: Features) -> Features:
    """Whisper's normalisation of a window: 8 decades below its loudest value, then scaled."""
    return np.asarray((np.maximum(log_mel, log_mel.max() - 8.0) + 4.0) / 4.0, np.float32)
