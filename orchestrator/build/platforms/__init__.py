"""The runtime and the architecture of each function of a template: what the template says is what is built.

`functions` lists the functions, with what SAM's `Globals` add. `scope` says what parameters and mappings are worth in
an environment, and `intrinsics` computes a property from them; what a condition decides stays a `choice`. `resolve`
puts these together and refuses what cannot be known before a deployment.
"""
