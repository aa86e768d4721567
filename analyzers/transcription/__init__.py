"""From utterances to words with times and confidence: one engine for all interviews of a process."""
