"""Settings of the commands, one frozen dataclass each.

A field's default, help text and choices stand once, here; `stargan_tf.flags`
turns them into command-line flags of the same names.
"""
