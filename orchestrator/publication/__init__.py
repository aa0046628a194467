"""Publishing a release: code of units runs where releases are built, so a builder's own role writes nothing.

    Prepare build     steps.prepare_build makes a secret for one build and passes it into the build's task
    Build             a builder calls `begin_publish` (`begin`), which learns the unit from facts: the execution, its
                      history (`attempt`), and CodeBuild's description of the build (`codebuild`)
                      -> a session for this unit alone (`session_policy`), to read with at first, to publish with later

`work` is the builder's side: it opens each session when it is needed.
"""
