"""What happens right now, handed to whoever watches."""
