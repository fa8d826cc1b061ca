"""What every other room stands on: dtypes, static shapes, specs, and the user's source lines."""
