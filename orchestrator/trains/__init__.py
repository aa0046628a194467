"""Release trains: units that change together are promoted together. Pure: no AWS, no ledger, no clock.

`bom` is what goes along, `waves` is the order in which it goes, `policy` says what follows when a member falls behind.
The steps `resolve_train`, `plan_train`, `request_train_approval` and `settle_train` act on it.
"""
