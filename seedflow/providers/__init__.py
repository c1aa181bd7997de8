"""Who makes images: the port, the adapters, and fetching what they made. Imports no adapter by itself."""
