"""The tooling account: ledger, queue, topics, roles, Lambdas and rules."""
