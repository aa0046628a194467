"""Turns a unit's folders at one commit into a release: built once, published once, never overwritten."""
