"""What a repository says about itself: `orchestrator.toml` at its root, `[tool.orchestrator]` in each unit."""
