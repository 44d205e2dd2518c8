"""The built-in lead: it reads a question by examples and names, and makes a plan of it."""
