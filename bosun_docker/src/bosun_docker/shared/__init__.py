"""The prediction server that several deployments share."""
