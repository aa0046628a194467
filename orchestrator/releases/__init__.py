"""What a release is, and where it lies: all that is known of it once it is built."""
