"""Running plans: sessions, their state, feeds and fetches, the two runners."""
