"""Exported models: what they contain, and how they are served and asked."""
