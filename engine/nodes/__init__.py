"""What each kind of node does when it runs; fork, join, loop-back and end live wholly in the scheduler."""
