"""Programs: immutable slices of a graph for one choice of fetches and feeds, and their passes."""
