"""Figures that `docs/figures.md` quotes, measured on the machine that runs them: `make benchmark`."""
