"""What one platform does differently, a module each."""
