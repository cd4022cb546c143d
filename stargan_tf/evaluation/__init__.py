"""How good translations are: feature networks, distances, the published protocol."""
