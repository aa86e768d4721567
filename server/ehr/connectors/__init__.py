"""One file for each HR system that reports are sent to."""
