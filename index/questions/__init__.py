"""Reads what a question asks for and which subjects it names. No conversation is looked at."""
