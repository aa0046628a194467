"""Release trains in the tooling account: one state machine for all of them, its steps, and a gate per environment."""
