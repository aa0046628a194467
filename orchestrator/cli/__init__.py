"""The command line: a file for each command. It calls the same APIs that the console and programs call."""
