"""What is taught: course format, loader, checks, activity types."""
