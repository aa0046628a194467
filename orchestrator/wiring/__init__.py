"""The one place where clients are made and parts are put together, for the Lambdas and for the command line.

`wiring` holds what all of them share; each other module adds the steps of one kind. A function imports the module of
its own step: what another step needs would be waited for at each cold start.
"""
