"""How the sample is made: a module per step, and in pictures.toml what is in each photograph."""
