"""Local paths of a template, which `sam package` and `aws cloudformation package` upload: here, objects of the release.

includes    the files of `AWS::Include` take the place of the transforms that name them
loops       `Fn::ForEach` with local paths in it is written out
globals     SAM's `Globals` and missing code become properties of each function
walk        all properties of `releases.path_properties`, each with its place, in loops and branches too
values      a value is a local path, remote, or unknown
draft       reads a template and those that it nests, and refuses what cannot become an object
assets      files, folders and texts as objects named after their content; `folders` says what a folder packages
code        the wheel or an archive for each function and layer
own_layer   functions get the layer with the unit's dependencies
finish      puts the objects in the place of the paths
closing     checks the finished template: the release's object, inline, or remote, and nothing else
"""
