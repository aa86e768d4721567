"""Sounds that are not speech: hiss, hum, breath, key clicks and near-silence, at 16 kHz."""

import numpy as np
import numpy.typing as npt

from scripts.voice_model.features import RATE_HZ


def noise(seconds: float, rng: np.random.Generator) -> npt.NDArray[np.int16]:
    """One of the sounds, chosen at random, at -75 to -25 dB of full scale."""
    count = int(seconds * RATE_HZ)
    sound = (hiss, hiss, hum, breath, clicks, _steps)[rng.integers(6)](count, rng)
    level = 10 ** (rng.uniform(-75, -25) / 20)
    scaled = sound / (np.sqrt(np.mean(sound**2)) + 1e-9) * level * 32768
    return np.asarray(np.clip(scaled, -32768, 32767), np.int16)


def hiss(count: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Noise whose power falls with frequency by a random slope (white to brown)."""
    spectrum = np.fft.rfft(rng.standard_normal(count))
    frequency = np.arange(1, spectrum.size + 1) / spectrum.size
    return np.fft.irfft(spectrum * frequency ** -rng.uniform(0.0, 1.2), count)


def hum(count: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Mains hum with harmonics, and some hiss."""
    time = np.arange(count) / RATE_HZ
    base = rng.choice((50.0, 60.0, 100.0, 120.0))
    tones = sum(rng.random() / k * np.sin(2 * np.pi * base * k * time + rng.random() * 6) for k in range(1, 9))
    return np.asarray(tones + rng.uniform(0.01, 0.3) * _normal(hiss(count, rng)))


def breath(count: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Bursts of band-limited noise that swell and fade within half a second to a second and a half."""
    sound = 0.02 * _normal(hiss(count, rng))
    for _ in range(max(1, int(count / RATE_HZ / 3))):
        length = min(count, int(rng.uniform(0.4, 1.5) * RATE_HZ))
        start = int(rng.integers(0, count - length + 1))
        spectrum = np.fft.rfft(rng.standard_normal(length))
        frequency = np.fft.rfftfreq(length, 1 / RATE_HZ)
        spectrum *= np.exp(-(((frequency - rng.uniform(500, 3000)) / rng.uniform(400, 2000)) ** 2))
        sound[start : start + length] += _normal(np.fft.irfft(spectrum, length)) * np.hanning(length)
    return sound


def clicks(count: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Key clicks over faint hiss."""
    sound = 0.02 * _normal(hiss(count, rng))
    for _ in range(int(rng.integers(1, 3 + 6 * count // RATE_HZ))):
        length = int(rng.integers(80, 800))
        start = int(rng.integers(0, max(1, count - length)))
        part = sound[start : start + length]
        part += rng.standard_normal(part.size) * np.exp(-np.arange(part.size) / (length / 5)) * rng.uniform(0.3, 2)
    return sound


def _steps(count: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Noise that is switched on and off, as a noise suppressor does."""
    gates = np.repeat(rng.random(count // 2000 + 1) < 0.5, 2000)[:count]
    return np.asarray(_normal(hiss(count, rng)) * np.where(gates, 1.0, 0.001))


def _normal(sound: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(sound / (np.sqrt(np.mean(sound**2)) + 1e-9))
