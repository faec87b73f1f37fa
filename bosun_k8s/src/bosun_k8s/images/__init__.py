"""Images of base and package: made by the registry's API, by kaniko, or not at all."""
