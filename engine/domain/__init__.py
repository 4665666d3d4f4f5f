"""Pure rules on frozen dataclasses."""
