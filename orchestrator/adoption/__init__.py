"""Looks at a repository that was never made for the orchestrator, and writes an `orchestrator.toml` for it."""
