"""The ledger: one DynamoDB table, the source of every view, and what Step Functions forgets after 90 days.

`partitions` says what lies in which partition, and who writes and reads it. Sort keys:

| partition               | sk                       | what                                                   |
| ----------------------- | ------------------------ | ------------------------------------------------------ |
| `BRANCH#<branch>`       | `<unit>`                 | what the branch calls for; what was last started       |
| `RUNS`, `SETTLED`       | `<branch>`               | how often it was looked at; for which commit all is done |
| `PUSHES#<unit>`         | `<time>#<commit>#...`    | who pushed what touched it; `/` and a folder while not valid |
| `RELEASES#<unit>`       | `RELEASE#<version>`      | a published release                                    |
|                         | `DIGEST#`, `VERSION#`    | the version of a digest, the digest of a version       |
|                         | `LAYER#<hash>`, `LAYERS` | the number of a layer, the highest number given        |
| `FAILED-BUILDS#<unit>`  | `<execution>`            | why a build on CodeBuild failed                        |
| `BUILDS#<unit>`         | `<execution>`            | the secret that its build publishes with, and who has it |
| `ENVIRONMENT#<name>`    | `<unit>`                 | what runs there                                        |
| `GOOD#<name>`           | `<unit>`                 | the releases known to be good there                    |
| `LOCKS#<unit>`          | `<environment>`          | the promotion that is deploying there                  |
| `PROMOTIONS#<unit>`     | `PROMOTION#<order>`      | a promotion: its request, release and end              |
| `RUNNING`               | `<unit>#<execution>`     | a promotion that has not ended                         |
| `LAST`                  | `<unit>`                 | the newest promotion that has ended                    |
| `APPROVALS#<subject>`   | `<environment>`          | the approval that an environment waits for             |
| `DECISIONS#<subject>`   | `<time>#...`             | where a decision lies, refused ones too                |
| `TRAINS`                | `<order>`                | a train                                                |
| `RUNNING-TRAINS`        | `<train>`                | a train that has not ended                             |
| `TRAIN#<train>`         | `TRAIN`                  | what it carries, and how it ended                      |
| `STAGES#<train>`        | `STAGE#<name>`           | what was done to whom in an environment                |
|                         | `MEMBER#<execution>`     | a promotion that moves one of its members              |

A subject is a unit, or a train as `train/<name>`. What was decided is not here: see `orchestrator.decisions`.
"""
