"""The parts of `scripts/bench transcription`: sound, drivers of ours and of the peers, figures."""
