"""The composition root: settings, bootstrap, command line, worker and scheduler."""
