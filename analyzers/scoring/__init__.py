"""Scores answers against a competency model, every point backed by a verbatim quote."""
