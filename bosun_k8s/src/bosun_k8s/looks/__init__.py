"""What is in the cluster, and what that says of deployments."""
