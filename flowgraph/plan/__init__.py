"""Plans: a Program made concrete: ordered steps, lifetimes, buffers, and readable source."""
