"""One interview: its events, the state they fold into, its commands, and the live session."""
