"""The losses, as pure functions of tensors. Each returns an unweighted float32 scalar."""
