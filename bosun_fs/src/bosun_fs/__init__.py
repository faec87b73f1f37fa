"""Bosun's filesystem plugin: one folder per deployment, put in place in one step."""
