"""The repositories: `engine.domain.unit_of_work`'s ports on the tables, one module a port."""
