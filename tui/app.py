"""stub"""


class ShoalApp:
    def __init__(self, *a, **k):
        pass

    def run(self):
        pass
