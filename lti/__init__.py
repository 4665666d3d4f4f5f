"""Every word spoken with an LMS."""
