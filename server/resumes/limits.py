"""What a résumé's file may hold, and what the process that reads it may use."""

from __future__ import annotations

LARGEST_FILE = 10_000_000
"""Bytes."""
MOST_PAGES = 40
MOST_LINES = 4_000
LONGEST_LINE = 2_000
"""Characters; a longer line is cut."""
MOST_CHARACTERS = 300_000
MOST_ENTRIES = 1_000
"""Files within a Word file."""
LARGEST_UNPACKED = 60_000_000
"""Bytes of a Word file's parts together, pictures too."""
LARGEST_XML = 15_000_000
"""Bytes of one of its XML parts."""
MOST_RATIO = 200
"""How many times larger a part may be than its packed bytes; text comes to some 20."""

MEMORY = 768 * 1024 * 1024
"""Bytes of address space."""
CPU_SECONDS = 15
WALL_SECONDS = 40.0
OPEN_FILES = 48
LARGEST_OUTPUT = 8_000_000
"""Bytes of JSON that are taken from the process."""
