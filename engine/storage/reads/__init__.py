"""Reads for pages that go past the domain: a few statements, plain dataclasses."""
