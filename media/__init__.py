"""From browser packets to typed frames; the only folder that knows aiortc and av."""
