"""Keys for tests."""

from __future__ import annotations

from server.recordings.keys import KeyRing

OLD, NEW = bytes(range(32)), bytes(range(100, 132))
ONE = KeyRing((OLD,))
ROTATED = KeyRing((NEW, OLD))
OTHER = KeyRing((NEW,))
NONE = KeyRing()
