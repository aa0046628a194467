"""Figures that the README quotes, measured on the machine that runs them: `make benchmark`."""
