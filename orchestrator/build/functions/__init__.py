"""Builds what is not the unit's own Python package: functions and layers of other languages, and by a command.

The words of the flow, each a module: `unit` is what one unit is built from; `code` takes functions and layers from its
templates as a `source`, `workflows` chooses what builds it, as `sam build` does, and `soundness` refuses what cannot be
built soundly. `toolchains` finds programs. `fetching` brings what lock files name (`npm`, `go`, `python`) as a `stock`,
while no code of the unit runs, and `locks` keeps those that builds have made. Then `builder` has `run_builder` run
aws-lambda-builders, confined and without a network, `package` packs the result, and `handlers` and `node_import` check
it. `command` runs the unit's own build command instead.
"""
