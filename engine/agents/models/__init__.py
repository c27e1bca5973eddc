"""Where answers come from: scripts, Python functions and, behind the same protocol, real providers."""
