"""What training and drawing cost: time, memory, operations, and the machine they cost it on."""
