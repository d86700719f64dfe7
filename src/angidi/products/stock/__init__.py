"""The stock of products: adjustments, and the ledger of all changes."""
