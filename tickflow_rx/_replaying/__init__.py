"""What a replay is made of: sources, a pace, and what subscribers get. Private."""
