"""What changes the store: memories, imports, publications."""
