"""What a plan does that approvers must not miss: to IAM, to data, and in which circumstances. Pure functions."""
