"""The first file that runs in the sandbox: Python's own modules, then the packages beside it."""

import os
import sys

here = os.path.dirname(os.path.abspath(__file__))
packages = [word for word in sys.argv[1:] if os.path.isabs(word)]
sys.path[:] = [here, *sys.path, *packages]

if __name__ == "__main__":
    if "--kernel" in sys.argv:
        from inside.whole import kernel

        kernel(sys.argv[sys.argv.index("--kernel") + 1])
    else:
        from inside.run import main

        main()
        os._exit(0)  # whatever threads and exit handlers are left
