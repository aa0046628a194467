"""Runs a command so that it can harm nothing but its own folder: what a build of a hostile repository is started with.

A small program of its own, of the standard library alone: it starts for every command, and what it limits itself by is
then handed down to the command and to all that the command starts. `launch` is the flow; `landlock` keeps files,
processes and the network away, `seccomp` refuses sockets, `namespace` keeps processes in, `loopback` leads to opened
hosts, `script` runs what needs no other interpreter, `system` is the C library.
"""
