"""How the commands of a build are confined: in which phase they run, as whom, by what, and how far at least."""
