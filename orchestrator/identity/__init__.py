"""Who decides: identities that are proven or looked up, and the policy that says whose decision counts."""
