"""Opened hosts: a proxy outside of a command's network, which leads to the hosts that an administrator names.

`orchestrator.confine.loopback` hands the socket over that a command connects to, and `gateway` serves it while the
command runs. `proxy` is the flow: `conversation` reads a request, `reach` decides which addresses are connected to,
`tunnel` carries bytes, and `traffic` tells what went through.
"""
