"""Ground floor: a market is a PostgreSQL schema with a clock; keys, jobs, forks, snapshots, state hash."""
