"""What is sent to the cluster, as pure functions of settings and goal."""
