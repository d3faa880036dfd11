"""How the sample is made, one module per step. pictures.toml says what each photograph shows."""
