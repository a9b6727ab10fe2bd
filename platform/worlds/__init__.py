"""Ground floor: a market is a PostgreSQL schema with a clock; keys, jobs, forks, snapshots and the state hash."""
