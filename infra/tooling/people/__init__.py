"""Access for people and CI: a managed policy for each role, and the same policies limited to some units as JSON.

`policies` and `scope` make plain documents: `orchestrator access` prints them where no CDK and Node.js is installed.
`managed` makes managed policies of them, `stack` the stack that most of these are in.
"""
