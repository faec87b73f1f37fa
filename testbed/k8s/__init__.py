"""The Kubernetes half: a control plane and a node of real programs, registries, a gateway."""
