"""The first file that runs in the sandbox: Python's own modules, then the packages beside it."""

import os
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path[:] = [here, *sys.path, *sys.argv[1:]]

if __name__ == "__main__":
    from inside.run import main

    main()
    os._exit(0)  # whatever threads and exit handlers are left
