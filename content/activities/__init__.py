"""Activity types, a folder each."""
