"""The promotion orchestrator: every folder of a repository, built once and promoted through AWS accounts alone.

    git merge, or a schedule -> steps.on_merge: who pushed (steps.pushes)?
                                what does the branch call for (source.demand) that is not done?
      -> queue (steps.starts) -> steps.start_promotion: state machines up to date, StartExecution; of a train, where
         several members of one changed (source.together, steps.start_train)

    promote-<unit>      (state_machines.promotion; one execution moves one release)
      Prepare build     steps.prepare_build
      Build             build.worker or CodeBuild, build.task, build.build; what a build runs is confined by confine,
                        and what it publishes is written with a session that publication opens
      Resolve release   steps.resolve_release
      for each environment, in order:
        Plan            steps.plan
        Approve         steps.request_approval; the gate's Decide is steps.decide
        Deploy          steps.deploy
        Smoke-test      steps.smoke_test, steps.checks
        Roll back       steps.roll_back, when one of the last two failed

    orchestrator-train  (infra.trains.machine; one execution moves several units, environment by environment)
      Resolve train     steps.resolve_train
      for each environment, in order:
        Plan            steps.plan_train: may all members enter it, and in which order
        Promote         promote-<unit> of each member, for this environment alone
        Settle          steps.settle_train: what became of them, and what comes next; trains.policy decides

    execution status event -> steps.on_promotion_change: note begin and end, free locks, tell people

Where the rest lives: `config` reads `orchestrator.toml` and units; `guardrails` is what no merge can loosen; `source`
asks the git repository and decides what is affected; `suggest` finds imports that this misses; `trains` decides in
which order units go together, and what follows when one fails; `ownership` decides which folder owns a unit's name
and stacks; `releases` is what is known of a release once it is built, and where it lies; `publication` lets a build
publish one unit; `ledger` remembers; `decisions` keeps what people decided; `aws` wraps stacks and sessions;
`promotions` looks at executions from outside; `wiring` makes all clients; `bootstrap` installs the static
infrastructure that `infra` describes; `local` is the embedded cloud; `demo` tells the story; `cli` has a file for each
command.
"""

# Here and not in the metadata of an installed package: a bundle of these modules is none.
__version__ = "0.1.0"
