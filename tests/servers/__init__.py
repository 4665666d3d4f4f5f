"""The servers tests run against: one of each a run, shared by its workers, stopped with it."""
