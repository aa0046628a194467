"""Guardrails: the rules of environments that administrators record and that no merge can loosen.

`document` is one recorded version, `records` the table that holds all of them. `combine` takes the stricter of two
values, `differences` finds where a file is looser, `rules` is what holds for one unit in one environment, and `lookup`
turns the name of an environment in an event into the recorded environment.
"""
