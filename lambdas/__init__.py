"""The Lambda handlers, one for each step: parse the event, call one function, return its result."""

from orchestrator.startup import prepare

# Before any handler is imported.
prepare()
