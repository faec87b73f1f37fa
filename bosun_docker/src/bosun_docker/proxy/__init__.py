"""The proxy that leads to the models: its container, its routes, its network."""
