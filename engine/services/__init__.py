"""Use cases, one a file, named by verbs."""
