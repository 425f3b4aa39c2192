"""What the commands do; each function gives its exit code, or None for done, and refuses with `Refused`."""
