"""Promotions seen from outside: starting one, following it, deciding on it."""
