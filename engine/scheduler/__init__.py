"""The scheduler: events in, commands out. No I/O, no clock, no randomness."""
