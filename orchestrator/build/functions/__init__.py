"""Builds what is not the unit's own Python package: functions and layers of other languages, and by a command.

source      a function or layer of a template: folder, runtime, processor, handler, Metadata
workflows   chooses what builds it, as `sam build` does
toolchains  finds the programs that this takes
stock       brings what locks name onto this machine, while no code of the unit runs: npm, go, python
builder     runs aws-lambda-builders on it, confined and without a network (run_builder), and packs the result
handlers    checks that the package has its handler
command     runs the unit's own build command instead
"""
