"""The demo: two LMS courses with simulated learners, one without, and both servers."""
