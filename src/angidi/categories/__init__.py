"""Categories: the tree that products hang in."""
