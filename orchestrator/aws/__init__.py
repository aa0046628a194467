"""AWS as the orchestrator sees it: sessions, stacks and targets, over clients that are handed in."""
