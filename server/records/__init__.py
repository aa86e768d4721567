"""HR's own records: applications as a log, the rules that carry them on, and what other systems do for them."""
