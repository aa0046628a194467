"""Which releases are of merged commits.

What a release says of itself is its builder's claim. `check` asks the repository before a promotion begins, and notes
its answer in the ledger, which nobody else does. Plan and Deploy go by that note and by the guardrails of the day
(`steps.admission`).
"""
