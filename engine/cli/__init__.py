"""The command line: one module per family of commands, all through the facade."""
