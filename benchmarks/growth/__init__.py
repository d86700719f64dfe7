"""How much longer placing and listing orders takes in a shop with many orders than in one with few."""
