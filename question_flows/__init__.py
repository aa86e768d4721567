"""What is asked and what counts as evidence: flows, their loader, and the order of the questions."""
