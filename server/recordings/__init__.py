"""Recordings at rest: sealed while they are written, joined and stored once the interview is over, read by ranges."""
