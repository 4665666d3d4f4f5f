"""Published models to compare with, each as its paper has it, one row a response."""
