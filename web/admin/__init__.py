"""Pages of an administrator: platforms, deliveries."""
