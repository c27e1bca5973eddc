"""One run's host: tasks, the clock, cancellation, budgets, and what a node may do while it runs."""
