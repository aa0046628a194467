"""Who pushed a change: noted by `on_merge` as the host tells it, and told by plans, since git proves no author."""
