"""What law and the organisation's policy allow: the one place that decides it."""
