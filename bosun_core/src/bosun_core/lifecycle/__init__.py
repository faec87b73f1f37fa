"""One lifecycle for every environment: a backend says what is there and how it changes."""
