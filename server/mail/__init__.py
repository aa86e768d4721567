"""Letters to candidates: what they say, the calendar entries they carry, when they are due. Sends nothing itself."""
