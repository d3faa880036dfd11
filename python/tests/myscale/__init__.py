"""The target `myscale` against the stand-in, or against the server that MYSCALE_* names."""
