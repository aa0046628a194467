"""A unit's wheel: what its metadata says, and the form in which Lambda unpacks it."""
