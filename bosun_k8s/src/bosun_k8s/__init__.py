"""`--plugin k8s`: serves models on a Kubernetes cluster."""
