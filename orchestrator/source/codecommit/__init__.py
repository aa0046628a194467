"""Repositories in AWS CodeCommit, read through its API: no git, no clone, and the permissions of whoever asks."""
