"""The target `myscale`, on the stand-in or on the server that MYSCALE_* names."""
