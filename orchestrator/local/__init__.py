"""The embedded cloud: MiniStack as a process of this machine, with IAM enforced and an account for each one named."""
