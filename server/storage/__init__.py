"""The database: the event log and the few tables around it."""
