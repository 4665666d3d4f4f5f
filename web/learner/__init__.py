"""Pages of a learner: module player, map, celebration."""
