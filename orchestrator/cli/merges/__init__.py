"""What a merge would do, as commands tell it."""
