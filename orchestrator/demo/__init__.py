"""The demonstration: a company's merges promoted through four accounts of the embedded cloud, and verified there."""
