"""The pipeline's own components, beside those of TFX."""
