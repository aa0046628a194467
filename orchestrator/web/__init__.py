"""Calls of URLs that others choose: they reach public addresses and nothing else."""
