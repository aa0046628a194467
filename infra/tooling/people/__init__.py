"""Access for people and CI: a managed policy for each role, and the same policies limited to some units as JSON.

`policies` and `scope` make plain documents: `orchestrator access` prints them where no CDK and Node.js is installed.
`managed` makes the managed policies of them.
"""
