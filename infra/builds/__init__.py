"""The stack `orchestrator-builds`: what lets builds publish, one unit each."""
