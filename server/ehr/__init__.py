"""HR's records: reports leave by the outbox, and arrive at the built-in endpoint or at the company's HR system."""
