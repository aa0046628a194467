"""Sums up the orders of each day: `starter` is the Lambda, `job` what it starts in Glue by `__main__`."""
