"""Snapshots: what a repository holds at a commit, put into S3 by whichever CI a company has, and read from there.

    <prefix>/branches/<branch>     the newest commit of a branch that was published; the only object that ever changes
    <prefix>/commits/<commit>      the commit, all its trees, the files that say what is a unit, and which pack has what
    <prefix>/history/<commit>      the commits before it, with the paths that each of them changed
    <prefix>/merged/<branch>/<commit>   that a commit was published as a branch's newest; empty
    <prefix>/packs/<SHA-256>       the files of a folder, or of a part of one; named by the ids of these files

Everything is stored as git's own objects (`stream`), whose ids are hashes of their content: a reader computes them, so
what was altered is not found under the id that it is asked for by. Packs are the same for every commit that has the
same files, so a merge adds the packs of the folders that it changed, and a build reads those of its unit alone.
"""
