"""What a deployment's image is made of: packages, scoring code, image archives and build contexts, read strictly."""
