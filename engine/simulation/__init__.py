"""Learners with planted ability, pure and seeded."""
