"""One module for every step of a promotion: typed values in, an explicit result with a status out."""
