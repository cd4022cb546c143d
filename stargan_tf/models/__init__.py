"""The networks, as subclassed Keras models."""
