"""Mastery models behind the mastery port."""
