"""Pacing policies behind the pacing port."""
