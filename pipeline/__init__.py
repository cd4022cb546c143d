"""Home of the TFX pipeline around stargan_tf."""
