"""Fitting and measuring mastery models with numpy, scipy and scikit-learn; never part of a process that serves."""
