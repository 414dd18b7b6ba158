"""Who may ask, and what every request gets."""
