"""Synthetic voices, and the tiny Whisper-shaped model trained on them for tests, demo and benchmarks."""
