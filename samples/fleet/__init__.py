"""The simulated fleet that ../simulate plays."""
