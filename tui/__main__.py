"""Where the command `shoal` begins.

A worker process imports again what the command began from, so this must import nothing before it is called.
"""


def main() -> None:
    """The command line."""
    from tui.cli.app import main as command

    command()


if __name__ == "__main__":
    main()
