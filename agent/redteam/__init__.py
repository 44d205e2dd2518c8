"""Shoal attacked by its own makers: each attack drives the public doors and returns printed figures."""
