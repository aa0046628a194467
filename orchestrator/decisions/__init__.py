"""Decisions as evidence: objects that `decide` alone writes, once, and that nobody overwrites or deletes."""
