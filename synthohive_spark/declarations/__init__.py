"""What a user declares: tables, keys, links, constraints, privacy, jobs."""
