"""Bosun's Docker plugin: models served on a Docker engine, behind one endpoint each."""
