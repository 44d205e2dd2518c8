"""Trains the built-in lead's classifier on its examples and ships the weights: `make intents`."""

from agent.wiring import App

if __name__ == "__main__":
    App.start("none").question_reader().train()
