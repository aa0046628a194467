"""State machines as data: pure functions from a unit and the organization to Amazon States Language.

No AWS, no Node, no clock: the same unit and organization always give the same definition.
"""
