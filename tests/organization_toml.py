"""The usual `orchestrator.toml` of tests that only need one: an account for each environment, all in one region."""

TOOLING = "111111111111"


def organization_toml(*environments: str, tooling: str = TOOLING) -> str:
    """Write it: the first environment's account is 222222222222, the second's 333333333333, and so on."""
    return f'[tooling]\naccount = "{tooling}"\nregion = "eu-west-1"\n' + "".join(
        f'\n[[environments]]\nname = "{name}"\naccount = "{digit * 12}"\nregion = "eu-west-1"\n'
        for name, digit in zip(environments, "23456789", strict=False)
    )
