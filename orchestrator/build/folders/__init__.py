"""The files of a folder that are packaged, and those that are left out."""
