"""The Lambda handlers, one for each step: parse the event, call one function, return its result."""
