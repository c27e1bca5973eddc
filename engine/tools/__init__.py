"""The tools that come with weft: one file for each family."""
