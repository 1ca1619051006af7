"""Says at the end which Python stood in for Colab's: not every machine has that one."""

import colab


def pytest_terminal_summary(terminalreporter, config):
    found = config.stash.get(colab.FOUND, None)
    if found and found.startswith(f"Python {colab.PYTHON}."):
        terminalreporter.write_line(f"Colab's packages were run on {found}, as there.")
    elif found:
        terminalreporter.write_line(
            f"NOT Colab's Python: its packages were run on {found}, because no Python "
            f"{colab.PYTHON} was found. To test that too, install it, then run this again."
        )
