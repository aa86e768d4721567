"""The media benchmark's processes: one that receives on one core, and those that send to it from another."""
