"""Sandbox LMS: a small local LTI 1.3 platform to try a tool in and to test it against."""
