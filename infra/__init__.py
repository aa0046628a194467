"""The static infrastructure, authored with the AWS CDK: everything that does not change when units come and go.

| module           | stack                    | where                                          |
| ---------------- | ------------------------ | ---------------------------------------------- |
| `artifacts`      | `orchestrator-artifacts` | the tooling account: the bucket, which is first |
| `tooling`        | `orchestrator`           | the tooling account: everything else           |
| `target`         | `orchestrator-target`    | each account and region that is deployed to    |

`bucket` is what the first and the last share; `account` and `units` are the limits and permissions of `target`.
The templates carry no assets and need no `cdk bootstrap`: `orchestrator bootstrap` deploys them as they are.
"""
