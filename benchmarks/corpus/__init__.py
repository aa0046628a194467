"""Templates that others wrote, each made a unit of one repository: how many can be released, and why others cannot.

sources       where they come from: the pinned source distribution of cfn-lint, a clone of SAM's translator
placeholders  local files that a template names and its author did not commit
repository    a git repository with a folder for each template, and the `orchestrator.toml` for it
reading       reads a unit as a build does, up to the finished template; no tool chain runs
transform     SAM's own judgement of a template, before and after
reasons       the closed list of reasons for a refusal
report        the table of `docs/existing-repositories.md`

    python -m benchmarks.corpus [--translator <clone of aws/serverless-application-model>]
"""
