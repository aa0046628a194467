"""Where code comes from: the repository behind a small protocol, units' digests, and what a merge affects."""
