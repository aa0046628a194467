"""The ledger: one DynamoDB table, the source of every view, and what Step Functions forgets after 90 days.

| pk                   | sk                    | what                                                       |
| -------------------- | --------------------- | ---------------------------------------------------------- |
| `BRANCH#<branch>`    | `<unit>`              | what the branch calls for; what was last started for it    |
| `RUNS`               | `<branch>`            | how often the branch was looked at                         |
| `SETTLED`            | `<branch>`            | the commit for which nothing was left to be done           |
| `ENVIRONMENT#<name>` | `<unit>`              | what runs there, and the releases known to be good         |
| `RUNNING`            | `<unit>#<execution>`  | a promotion that has not ended                             |
| `LAST`               | `<unit>`              | the newest promotion that has ended                        |
| `DELIVERY`           | `<digest>`            | a webhook delivery that was acted on, for five days        |
| `UNIT#<unit>`        | `RELEASE#<version>`   | a published release                                        |
|                      | `DIGEST#<digest>`     | the version that a digest was given                        |
|                      | `VERSION#<version>`   | the digest that a version was given to                     |
|                      | `LAYER#<hash>`        | the number of the layer with these locked requirements     |
|                      | `LAYERS`              | the highest layer number given                             |
|                      | `PROMOTION#<order>`   | a promotion: its request, release and end                  |
|                      | `APPROVAL#<name>`     | the approval that an environment waits for                 |
|                      | `DECISION#<time>#...` | a decision, refused ones too                               |
|                      | `DELETED#<time>`      | who deleted what was left of a unit that was retired       |
|                      | `LOCK#<name>`         | the promotion that is deploying to an environment          |
| `TRAINS`             | `<order>`             | a train                                                    |
| `RUNNING-TRAINS`     | `<train>`             | a train that has not ended                                 |
| `TRAIN#<train>`      | `TRAIN`               | what it carries, and how it ended                          |
|                      | `STAGE#<name>`        | what was done to whom in an environment                    |
|                      | `APPROVAL#<name>`     | the one approval that an environment waits for             |
|                      | `DECISION#<time>#...` | a decision, refused ones too                               |
|                      | `MEMBER#<execution>`  | a promotion that moves one of its members                  |
"""
