"""Draws images with trained networks: styles, translations, grids and videos."""
