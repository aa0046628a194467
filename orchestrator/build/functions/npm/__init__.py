"""Brings packages of npm onto a build machine: `settings` of npm, `lock` and `yarn_lock` files, and `packages`."""
