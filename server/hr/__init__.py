"""HR's door: sign-in, the live wall, the monitor of one interview, reports and invitations."""
