"""Many candidates at once with media that was encoded before: `scripts/load`, and the media benchmarks' senders."""
