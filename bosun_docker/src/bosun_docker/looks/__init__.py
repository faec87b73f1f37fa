"""What is on the engine, and what that says of deployments."""
