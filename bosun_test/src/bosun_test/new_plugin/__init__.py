"""`bosun-new-plugin NAME`: writes a whole distribution of a plugin, which works and keeps the contract as written."""
