"""Pushes: who moved the branch from where to where, as its host tells it, and which units that touched."""
