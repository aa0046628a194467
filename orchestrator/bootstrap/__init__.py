"""Installs the static infrastructure in the tooling account and in every target, through plain CloudFormation."""
