"""Finds imports in the Python code of units that lead out of what these are built from; nothing is ever imported."""
