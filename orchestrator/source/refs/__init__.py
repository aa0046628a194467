"""Refs, and which commits may go.

branch     names a branch in full, so that no tag or file is taken for it
ancestry   walks from a branch's newest commit back to another one, where a host only tells commits one by one
merged     decides whether a commit may be built and promoted: it is merged, or a guardrail allows others
ci         reads what CI says of the commit that it has checked out
checkout   decides whether a clone's commit is known to be merged
"""
