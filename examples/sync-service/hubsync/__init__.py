"""The parts of the reference sync service."""
