"""Pages of an instructor: cohort and its settings."""
