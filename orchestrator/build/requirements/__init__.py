"""What a unit's files say of its Python dependencies: lists of requirements, and lock files of every tool.

Each lock file becomes a `PinnedLock`: exact versions with the hashes of their files. `uv.lock` alone is left to uv.
"""
