"""The page that a visitor sees: showcase photos, each with the photos most like it."""
