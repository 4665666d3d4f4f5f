"""Grades on their way to the gradebook of an LMS."""
