"""Speech for the demo, the end-to-end tests and the live benchmark: 48 kHz mono, with true word times."""

import av
import numpy as np
import numpy.typing as npt

from scripts.voice_model.espeak import Voice, speak_with_times

RATE_HZ = 48_000
DEFAULT_VOICES = {"en": "en-us+m3/150", "zh-CN": "cmn-latn-pinyin+m3/160"}


def synthesise(text: str, language: str, voice: str | None = None) -> npt.NDArray[np.int16]:
    """Speak `text` as int16 mono samples at 48 kHz.

    `language` is `en` or `zh-CN`; `voice` is an espeak-ng name with optional rate, pitch and pitch range
    (`en-us+f3/150/55`), by default the language's entry in DEFAULT_VOICES. Raises SynthesiserMissing
    where espeak-ng or the voice is not installed, KeyError for another language without a voice.
    """
    speech = speak_with_times(text, Voice.parse(voice or DEFAULT_VOICES[language]))
    return resample(speech.samples, speech.rate_hz, RATE_HZ)


def word_times(text: str, language: str, voice: str | None = None) -> list[tuple[str, float, float]]:
    """Words of `text` (Chinese: characters), without punctuation, and their true times in seconds
    within what `synthesise` returns for the same arguments."""
    speech = speak_with_times(text, Voice.parse(voice or DEFAULT_VOICES[language]))
    return [(word.text, word.start_s, word.end_s) for word in speech.words]


def resample(samples: npt.NDArray[np.int16], from_hz: int, to_hz: int) -> npt.NDArray[np.int16]:
    """Resample mono int16 samples with FFmpeg's resampler."""
    if from_hz == to_hz or not samples.size:
        return samples
    resampler = av.AudioResampler(format="s16", layout="mono", rate=to_hz)
    frame = av.AudioFrame.from_ndarray(samples[np.newaxis, :], format="s16", layout="mono")
    frame.sample_rate = from_hz
    frames = [*resampler.resample(frame), *resampler.resample(None)]
    pieces = [piece.to_ndarray()[0] for piece in frames]
    return np.asarray(np.concatenate(pieces), np.int16)
