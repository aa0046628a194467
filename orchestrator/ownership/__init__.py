"""Who owns the names of units and of their stacks: folders do, by guardrails and by the first claim. Pure decisions."""
