"""What leaves the house and what comes in: outbox, inbox, and the protocol that connected systems follow."""
