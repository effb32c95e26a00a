"""The services that ../services plays."""
