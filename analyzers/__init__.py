"""From frames and words to observations and scores."""
