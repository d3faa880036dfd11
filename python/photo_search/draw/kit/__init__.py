"""What every page is drawn with: templates, links, thumbnails and scales."""
