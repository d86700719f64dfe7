"""How to reach a person: one profile for each user."""
