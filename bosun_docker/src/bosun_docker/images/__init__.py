"""Images, and what they are made of."""
