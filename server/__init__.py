"""The asyncio server: doors for candidates, HR and HR systems around one event log."""
