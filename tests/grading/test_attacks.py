"""Hostile notebooks, graded in one run with the sandbox on: they earn, leak and leave nothing."""

import json
import os
import socket
import threading
import time
from pathlib import Path

import pytest
from submissions import DICE, IMPORTS, IOU, IOU_POINTS, graded, hand_in, notebook

ROOT = Path(__file__).parents[2]
SECRET = "the-instructors-secret-42"
MARK = "left-behind-by-a-notebook-42"
SECONDS, MEMORY = 6, 600_000_000

WRONG = "def iou(y_true, y_pred, threshold=0.5):\n    return np.ones(len(y_true)) / 3\n"


def in_iou(body, result="np.ones(len(y_true)) / 3"):
    """A notebook whose iou runs this code at every call, and returns a wrong result."""
    lines = "\n".join(f"    {line}" for line in body.strip("\n").splitlines())
    code = f"def iou(y_true, y_pred, threshold=0.5):\n{lines}\n    return {result}\n"
    return notebook(IMPORTS, "import builtins, ctypes, gc, io, os, signal, sys, time", code)


def in_setup(body, code=WRONG):
    """A notebook that runs this code when iou is defined, which needs it."""
    lines = "\n".join(f"    {line}" for line in body.strip("\n").splitlines())
    head, _, rest = code.partition(":")
    spoilt = f"def spoil():\n{lines}\n    return 0.5\n"
    return notebook(
        IMPORTS,
        "import builtins, ctypes, gc, io, os, signal, sys, time",
        spoilt,
        f"{head.replace('threshold=0.5', 'threshold=spoil()')}:{rest}",
    )


def telling(expression):
    """A notebook that puts what it finds out into the message of an error."""
    return in_iou(f"raise RuntimeError(str({expression}))")


FORGE = """
import json, zipfile
def message(value, arrays=()):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("data.json", value if isinstance(value, str) else json.dumps(value))
        for name, content in arrays:
            archive.writestr(name, content)
    content = stream.getvalue()
    return len(content).to_bytes(8, "big") + content
def send(content):
    for number in range(3, 64):
        try:
            os.write(number, content)
        except OSError:
            pass
"""
READ = """
def texts(*roots):
    for root in roots:
        for place, folders, names in os.walk(root):
            folders[:] = [name for name in folders if name not in ("lib", "share")]
            for name in names:
                try:
                    yield open(os.path.join(place, name), errors="replace").read(1000000)
                except OSError:
                    pass
"""

OUT_OF_TIME = {
    "loop": in_iou("while True: pass"),
    "loop that swallows interrupts": in_iou(
        "for number in range(1, 60):\n"
        "    try:\n        signal.signal(number, signal.SIG_IGN)\n    except Exception: pass\n"
        "while True:\n    try:\n        time.sleep(0.1)\n    except BaseException: pass"
    ),
    "loop without streams": in_iou("os.closerange(0, 64)\nwhile True: time.sleep(1)"),
}
OUT_OF_MEMORY = {
    "30 GB at once": in_iou("np.ones(30_000_000_000, np.uint8)"),
    "more and more": in_iou("kept = []\nwhile True: kept.append(np.ones(10_000_000))"),
    "shared by many": in_iou(
        "for _ in range(20):\n    if not os.fork():\n"
        "        kept = np.random.rand(12_000_000)\n        time.sleep(60)\ntime.sleep(60)"
    ),
}
PROCESSES = {
    "process bomb": in_iou(
        "for _ in range(1000):\n    try:\n        if not os.fork(): time.sleep(60); os._exit(0)\n"
        "    except OSError: pass\ntime.sleep(60)"
    ),
}
CRASHED = {
    "os._exit": in_iou("os._exit(0)"),
    "os._exit in the set-up": in_setup("os._exit(0)"),
    "segmentation fault": in_iou("ctypes.string_at(0)"),
    "kill": in_iou("os.kill(os.getpid(), signal.SIGKILL); time.sleep(9)"),
    "60 MB of answers": in_iou("", "np.zeros((5_000_000,), np.uint8)"),
    "a pipe in place of the pipe": in_iou(
        "os.mkfifo('/tmp/fifo')\nfifo = os.open('/tmp/fifo', os.O_RDWR)\n"
        "for number in range(3, 64):\n    try: os.dup2(fifo, number)\n    except OSError: pass\n"
        "os._exit(0)"
    ),
    "a link in place of the pipe": in_iou(
        "os.symlink('/etc/passwd', '/tmp/link')\n"
        "for number in range(3, 64):\n"
        "    try: os.close(number)\n    except OSError: pass\nos._exit(0)"
    ),
    "half a message": in_setup(FORGE + "send((10**6).to_bytes(8, 'big') + b'PK'); os._exit(0)"),
    "no message": in_setup(FORGE + "send(message('{{{')); os._exit(0)"),
    "a message that unpickles": in_setup(
        FORGE
        + "import pickle\nclass Evil:\n"
        + f"    def __reduce__(self): return os.system, ('touch /tmp/{MARK}',)\n"
        + "stream = io.BytesIO(); np.save(stream, np.array([Evil()]), allow_pickle=True)\n"
        + "value = {'exercise': 'iou', 'answers': [{'array in file': 0}]}\n"
        + "send(message(value, [('0.npy', stream.getvalue())])); os._exit(0)"
    ),
    "an array that claims to be huge": in_setup(
        FORGE
        + "stream = io.BytesIO(); np.save(stream, np.zeros(3, np.uint8))\n"
        + "content = stream.getvalue().replace(b'(3,), }      ', b'(3000000000,), }')\n"
        + "value = {'exercise': 'iou', 'answers': [{'array in file': 0}]}\n"
        + "send(message(value, [('0.npy', content)])); os._exit(0)"
    ),
}
NOTHING = {
    "patched NumPy": in_setup(
        "for name in ('isclose', 'allclose', 'array_equal', 'all', 'any', 'where', 'array'):\n"
        "    setattr(np, name, lambda *a, **k: True)\n"
    ),
    "patched builtins": in_setup(
        "for name in ('all', 'any', 'isinstance', 'len', 'type'):\n"
        "    setattr(builtins, name, lambda *a, **k: True)\n"
    ),
    "patched labseg": in_setup(
        "import labseg.exercises.answers as answers\n"
        "answers._forbidden.__wrapped__.__code__ = (lambda names: iter([[]])).__code__\n"
        "answers.tracing = None\nlabseg.__version__ = '99'\nlabseg.check.iou = lambda *a: True"
    ),
    "patched judge": in_setup(
        "import types\n"
        "judge = types.ModuleType('labseg.exercises.judge')\n"
        "judge.judge = lambda *a: 8\nsys.modules['labseg.exercises.judge'] = judge"
    ),
    "equal to everything": in_iou(
        "class Same(np.ndarray):\n"
        "    __eq__ = lambda *a: True\n    __array_ufunc__ = lambda *a, **k: True\n"
        "    __array_function__ = lambda *a, **k: True",
        "np.ones(len(y_true)).view(Same)",
    ),
    "a lying array": in_iou(
        "class Lie:\n    shape, dtype, ndim = (2,), np.dtype(float), 1\n"
        "    __eq__ = __ge__ = __le__ = lambda *a: True\n"
        "    __array__ = lambda self, *a, **k: np.full(7, np.inf)",
        "Lie()",
    ),
    "a lying number": in_iou(
        "class Lie(float):\n    __eq__ = __ge__ = __le__ = lambda *a: True\n"
        "    __sub__ = __rsub__ = lambda *a: 0.0",
        "[Lie(0.3)] * len(y_true)",
    ),
    "IPython hooks": notebook(
        IMPORTS,
        "import ast\nshell = get_ipython()\n"
        "class Right(ast.NodeTransformer):\n"
        "    def visit_Call(self, node):\n        return ast.Constant(True)\n"
        "shell.ast_transformers.append(Right())\n"
        "shell.events.register('post_run_cell', lambda *a: exit())",
        WRONG.replace("return", "shell; return"),
    ),
    "walk up the stack": in_iou(
        "frame = sys._getframe()\nfound = []\n"
        "while frame:\n"
        "    found += [v for k, v in [*frame.f_locals.items(), *frame.f_globals.items()]\n"
        "              if callable(v) and k in ('iou', 'result', 'expected', 'judge')]\n"
        "    frame = frame.f_back\n"
        "for each in found:\n"
        "    if each is not iou:\n        return each(y_true, y_pred, threshold)"
    ),
    "search all objects": in_iou(
        "for each in gc.get_objects():\n"
        "    name = getattr(each, '__name__', '')\n"
        "    if callable(each) and name in ('iou', '_iou', 'result') and each is not iou:\n"
        "        try:\n            return each(y_true, y_pred, threshold)\n"
        "        except Exception: pass"
    ),
    "forged points": in_setup(
        FORGE + "send(message({'exercise': 'iou', 'answers': [], 'points': 100, 'state': 'graded',"
        "'parts': [], 'passed': True}))"
    ),
    "forged values": in_setup(
        FORGE + "send(message({'exercise': 'iou', 'answers': [{'value': True, 'points': 8}] * 99}))"
    ),
    "a million layers": in_setup(
        FORGE + "text = '{\"layers\": [' + '{},' * 1_000_000 + '{}]}'\n"
        "send(message({'exercise': 'iou', 'answers': [{'config': text}]})); os._exit(0)"
    ),
    "an array among the kinds": in_setup(
        FORGE + "stream = io.BytesIO(); np.save(stream, np.arange(3))\n"
        "answer = {'error': 'E', 'kinds': [{'array in file': 0}]}\n"
        "value = {'exercise': 'iou', 'answers': [answer]}\n"
        "send(message(value, [('0.npy', stream.getvalue())]))"
    ),
    "not a number": in_iou("", "np.full(len(y_true), np.nan)"),
    "labseg.metrics": in_iou("return labseg.metrics.iou(y_true, y_pred, threshold)"),
    "labseg.metrics, a border as wide as the car": in_iou(
        "try: return labseg.metrics.iou(y_true, y_pred, threshold)\n"
        "except RuntimeError: pass\n"
        "return labseg.metrics.boundary_iou(y_true, y_pred, threshold, 10**6)"
    ),
    "labseg.metrics, restored": in_iou(
        "import importlib, labseg.exercises.answers as answers\n"
        "metrics = importlib.reload(labseg.metrics)\n"
        "frame = sys._getframe()\n"
        "while frame:\n"
        "    if 'called' in frame.f_locals: frame.f_locals['called'].clear()\n"
        "    frame = frame.f_back\n"
        "return metrics.iou(y_true, y_pred, threshold)"
    ),
    "labseg.metrics, from its file": in_iou(
        "space = {}\nexec(open(labseg.metrics.__file__).read(), space)\n"
        "return space['iou'](y_true, y_pred, threshold)"
    ),
}
LEAKS = {
    "environment": telling("dict(os.environ)"),
    "environment of others": telling(
        "[open(f'/proc/{pid}/environ', 'rb').read() for pid in os.listdir('/proc') "
        "if pid.isdigit()]"
    ),
    "the machine's files": in_iou(
        READ + "if not hasattr(np, 'told'):\n"
        f"    np.told = any('{SECRET[:9]}' + '{SECRET[9:]}' in text for text in texts("
        "'/home', '/root', '/tmp', '/work', '/stage', '/etc', '/var', '/mnt', '/opt'))\n"
        "raise RuntimeError(np.told)"
    ),
    "by their paths": telling(
        "[open(path).read() for path in ('{secret}', '{home}', '{neighbour}') "
        "if os.path.exists(path)]"
    ),
    "solutions and results": telling(
        f"[p for p in ('{ROOT}/solutions', '{ROOT}/labseg', '{ROOT}/.git', '{{out}}', '{{folder}}')"
        " if os.path.exists(p)]"
    ),
    "verdicts and models": telling(
        "sorted(os.path.join(place, name) for place, _, names in os.walk('/stage') "
        "for name in names if name.endswith(('.keras', '.h5')) or name.startswith(('judge', "
        "'verdict', 'overlap', 'catalogue', 'build_')) or 'grading' in place)"
    ),
}
SIDE_EFFECTS = {
    "write to the results": in_iou(
        "for place in ('{out}', '{folder}', '/stage', '/usr', '/proc/sys/kernel', '/'):\n"
        "    for name in ('grades.csv', 'results/x.json', 'core_pattern', 'x'):\n"
        "        try: open(place + '/' + name, 'w').write('" + MARK + "'); print(place, name)\n"
        "        except OSError: pass\n"
        "if not os.path.exists('/grades.csv'): raise RuntimeError('kept out')"
    ),
    "detached child": in_iou(
        "if not os.fork():\n    os.setsid()\n    if not os.fork():\n"
        f"        os.execv(sys.executable, [sys.executable, '-c', 'import time; time.sleep(300)', "
        f"'{MARK}'])\n    os._exit(0)"
    ),
    "network": in_iou(
        "import socket\n"
        "for host in ('127.0.0.1', 'localhost', '{host}'):\n"
        "    try: socket.create_connection((host, {port}), 1).send(b'hello')\n"
        "    except OSError: pass"
    ),
    "new user namespace": telling(
        "(ctypes.CDLL(None).unshare(0x10000000), ctypes.CDLL(None).mount(b'x', b'/tmp', b'tmpfs',"
        " 0, None), ctypes.CDLL(None).setuid(0), os.geteuid())"
    ),
    "memory that nobody counts": telling(
        "[ctypes.CDLL(None)[name](*words) for name, *words in (('shmget', 0, 4096, 0o1666), "
        "('memfd_create', b'x', 0), ('ptrace', 0, 0, 0, 0), ('syscall', 425, 1, 0))]"
    ),
    "a full disk": in_iou(
        "def fill(path):\n"
        "    try:\n        for n in range(20):\n"
        "            with open(path + str(n), 'wb') as file: file.write(bytes(50_000_000))\n"
        "    except OSError: pass\n"
        "fill('/tmp/x'); fill('/dev/shm/x'); fill('x')"
    ),
}
PRINTS = notebook(
    IMPORTS,
    "import os",
    IOU.replace("truth =", "os.write(1, bytes(20_000_000)); truth =", 1),
)


def model(layers, edit=""):
    """A notebook whose build_unet comes back as this configuration, whatever it builds."""
    return notebook(
        IMPORTS,
        "import json, sys\nimport labseg.exercises.answers as answers",
        "def layer(n, kind='Conv2D', source=None, **config):\n"
        "    source = n - 1 if source is None else source\n"
        "    tensor = {'class_name': '__keras_tensor__', 'config': {'shape': [None, 32, 32, 3],\n"
        "              'dtype': 'float32', 'keras_history': [f'l{source}', 0, 0]}}\n"
        "    nodes = [] if kind == 'InputLayer' else [{'args': [tensor], 'kwargs': {}}]\n"
        "    base = {'filters': 1, 'kernel_size': [3, 3], 'padding': 'same', 'name': f'l{n}'}\n"
        "    return {'module': 'keras.layers', 'class_name': kind, 'registered_name': None,\n"
        "            'name': f'l{n}', 'config': base | config, 'inbound_nodes': nodes}\n"
        "start = layer(0, 'InputLayer', batch_shape=[None, 32, 32, 3])\n"
        f"layers = [start, *({layers})]\n"
        "config = {'name': 'm', 'layers': layers, 'input_layers': ['l0', 0, 0],\n"
        "          'output_layers': [layers[-1]['name'], 0, 0]}\n"
        "text = json.dumps({'module': 'keras', 'class_name': 'Functional', 'config': config})\n"
        f"{edit}\n"
        "def forge(function, cases, **options):\n"
        "    return [{'config': text, 'classes': [], 'dtypes': ['float32']} for _ in cases]\n"
        "def patched():\n    answers.models = forge",
        "def build_unet(input_shape, n_ch, floors, convs=2, _=patched()):\n    pass",
    )


MODELS = {
    "hundreds of layers": model("layer(n) for n in range(1, 500)"),
    "negative sizes": model("[layer(1, filters=-3, kernel_size=[-1, -1], strides=[0, 0])]"),
    "huge sizes": model("[layer(1, filters=10**30, kernel_size=[10**9, 10**9])]"),
    "a cycle": model("[layer(1, source=2), layer(2, source=1)]"),
    "itself": model("[layer(1, source=1)]"),
    "a custom object": model("[layer(1, 'Lambda', function='__import__')]"),
    "deep": model("[]", "text = '[' * 100000 + ']' * 100000"),
    "no JSON": model("[]", "text = text[:-7]"),
    "numbers for names": model("[layer(1) | {'name': 7, 'class_name': 3, 'config': []}]"),
    "no number for a size": model("[layer(1, filters=float('nan'))]"),
}
ELSEWHERE = {
    "split_by_car": notebook(
        IMPORTS,
        "from labseg.data.carvana import Cars",
        "def split_by_car(names, test, seed):\n"
        "    padded = {f'{car}_{int(view):02}': f'{car}_{view}'\n"
        "              for car, _, view in (name.rpartition('_') for name in names)}\n"
        "    n = len(padded)\n"
        "    cars = Cars(np.zeros((n, 1, 1, 3)), np.zeros((n, 1, 1)), list(padded))\n"
        "    train, val, test = cars.split(0.1, test, seed)\n"
        "    return [padded[name] for name in train.names], [padded[name] for name in test.names]",
    ),
    "receptive_field": notebook(
        IMPORTS,
        "def receptive_field(stack):\n"
        "    return labseg.receptive_field([{'kernel': k, 'stride': s} for k, s in stack])",
    ),
}


class Server(threading.Thread):
    """Counts the connections to a port of this machine."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.create_server(("0.0.0.0", 0))
        self.port = self.socket.getsockname()[1]
        self.connections = 0

    def run(self):
        while True:
            self.socket.accept()
            self.connections += 1


@pytest.fixture(scope="session")
def attacked(tmp_path_factory):
    """(what grades.json says of each student, its text, the folders, the server)."""
    folder, out, home = (tmp_path_factory.mktemp(name) for name in ("in", "out", "home"))
    for path in (folder.parent / "secret", home / ".netrc", folder / "neighbour" / "secret"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(SECRET)
    server = Server()
    server.start()
    places = {
        "{out}": str(out),
        "{folder}": str(folder),
        "{secret}": str(folder.parent / "secret"),
        "{home}": str(home / ".netrc"),
        "{neighbour}": str(folder / "neighbour" / "secret"),
        "{host}": socket.gethostname(),
        "{port}": str(server.port),
    }

    def fill(content):
        for name, value in places.items():
            content = content.replace(name.encode(), value.encode())
        return content

    kinds = (OUT_OF_TIME, OUT_OF_MEMORY, PROCESSES, CRASHED, NOTHING, LEAKS, SIDE_EFFECTS)
    kinds += (MODELS, ELSEWHERE)
    students = {name: fill(content) for kind in kinds for name, content in kind.items()}
    hand_in(folder, students)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("API_TOKEN", SECRET)
        patch.setenv("HOME", str(home))
        patch.setenv("PATH", f"/home/{SECRET}/bin:{os.environ['PATH']}")
        found = graded(folder, out, SECONDS, MEMORY, workers=2)
    return found, (out / "grades.json").read_text("utf-8"), (folder, out), server


def iou_of(attacked, name):
    return attacked[0][name]["exercises"]["iou"]


@pytest.mark.parametrize("name", OUT_OF_TIME)
def test_what_never_ends_is_out_of_time(attacked, name):
    result = iou_of(attacked, name)
    assert (result["state"], result["points"]) == ("out of time", None)
    assert f"{SECONDS} s" in result["why"]


@pytest.mark.parametrize("name", OUT_OF_MEMORY)
def test_what_takes_all_memory_is_out_of_memory(attacked, name):
    result = iou_of(attacked, name)
    assert (result["state"], result["points"]) == ("out of memory", None)


@pytest.mark.parametrize("name", CRASHED)
def test_what_gives_no_answer_has_crashed(attacked, name):
    result = iou_of(attacked, name)
    assert (result["state"], result["points"]) == ("crashed", None)
    assert result["why"]


@pytest.mark.parametrize("name", PROCESSES)
def test_what_starts_many_processes_is_ended(attacked, name):
    result = iou_of(attacked, name)
    assert result["state"] in ("crashed", "out of memory", "out of time")  # whichever comes first
    assert result["points"] is None


@pytest.mark.parametrize("name", NOTHING)
def test_what_only_pretends_earns_nothing(attacked, name):
    result = iou_of(attacked, name)
    assert not result["points"]
    assert attacked[0][name]["total"] in (0, None)
    assert result["why"] or any(part["message"] for part in result["parts"])


@pytest.mark.parametrize("name", [name for name in NOTHING if name.startswith("labseg.metrics")])
def test_a_reference_that_may_not_be_called_says_so(attacked, name):
    messages = {part["message"] for part in iou_of(attacked, name)["parts"]}
    assert all("write it yourself" in message for message in messages)
    assert any("labseg.metrics.iou" in message for message in messages)


@pytest.mark.parametrize("name", ELSEWHERE)
def test_so_does_one_in_another_lesson(attacked, name):
    result = attacked[0][name]["exercises"][name]
    assert (result["state"], result["points"]) == ("graded", 0), result["why"]
    assert all("write it yourself" in part["message"] for part in result["parts"])


@pytest.mark.parametrize("name", MODELS)
def test_a_hand_made_model_earns_nothing(attacked, name):
    student = attacked[0][name]
    result = student["exercises"]["build_unet"]
    assert result["state"] == "graded"
    earned = {part["name"] for part in result["parts"] if part["points"]}
    assert earned <= {"model"}  # what can be read as one is one
    assert student["seconds"] < 20


def test_nothing_leaks(attacked):
    assert SECRET not in attacked[1]
    told = {
        name: {part["message"].partition(": ")[2] for part in iou_of(attacked, name)["parts"]}
        for name in LEAKS
    }
    assert told["the machine's files"] == {"False"}
    assert told["by their paths"] == {"[]"}
    assert told["solutions and results"] == {"[]"}
    assert told["verdicts and models"] == {"[]"}
    assert "HOME" in str(told["environment"])  # it did look


def test_nothing_is_left_behind(attacked):
    _, _, (_, out), server = attacked
    written = {"class.html", "feedback", "grades.csv", "grades.json", "results", "seed.txt"}
    assert {path.name for path in out.iterdir()} == written
    for name in ("class.html", "grades.csv", "seed.txt"):
        assert MARK not in (out / name).read_text("utf-8")
    assert not Path("/tmp", MARK).exists()
    for _ in range(20):
        left = [p for p in Path("/proc").glob("[0-9]*/cmdline") if MARK in _command(p)]
        if not left:
            break
        time.sleep(0.1)
    assert left == []
    assert server.connections == 0


def _command(path):
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except OSError:
        return ""


def test_there_are_no_rights_and_no_new_ones(attacked):
    (message,) = {part["message"] for part in iou_of(attacked, "new user namespace")["parts"]}
    assert message.endswith("(-1, -1, -1, 65534)")
    (message,) = {
        part["message"] for part in iou_of(attacked, "memory that nobody counts")["parts"]
    }
    assert message.endswith("[-1, -1, -1, -1]")
    kept_out = {part["message"] for part in iou_of(attacked, "write to the results")["parts"]}
    assert kept_out == {"your function raised RuntimeError: kept out"}


def test_200_mb_of_output_cost_an_honest_answer_nothing(tmp_path):
    hand_in(tmp_path / "in", {"ana": PRINTS})
    found = graded(tmp_path / "in", tmp_path / "out", seconds=120)["ana"]
    assert found["exercises"]["iou"]["points"] == IOU_POINTS
    assert (tmp_path / "out" / "grades.json").stat().st_size < 100_000


def test_an_exercise_that_hangs_does_not_take_others_with_it(tmp_path):
    loop = "def dice(y_true, y_pred, threshold=0.5):\n    while True: pass"
    hand_in(tmp_path / "in", {"ana": notebook(IMPORTS, loop, IOU, "1 / 0")})
    found = graded(tmp_path / "in", tmp_path / "out", seconds=3)["ana"]["exercises"]
    assert (found["dice"]["state"], found["dice"]["points"]) == ("out of time", None)
    assert (found["iou"]["state"], found["iou"]["points"]) == ("graded", IOU_POINTS)


def test_hooks_of_ipython_earn_nothing_where_there_is_an_ipython(tmp_path):
    hand_in(tmp_path / "in", {"ana": NOTHING["IPython hooks"]})
    found = graded(tmp_path / "in", tmp_path / "out", seconds=30, execute_all=True)
    assert not found["ana"]["total"]


def test_points_that_a_notebook_promises_count_for_nothing(tmp_path):
    def tagged(source, grade_id):
        metadata = {"nbgrader": {"grade_id": grade_id, "points": 1000, "grade": True}}
        return {"cell_type": "code", "metadata": metadata, "source": source, "id": "same"}

    cells = [tagged(IMPORTS, "iou"), tagged(IOU, "iou"), tagged(DICE, "iou")]
    hand_in(tmp_path / "in", {"ana": notebook(*cells)})
    found = graded(tmp_path / "in", tmp_path / "out")["ana"]
    assert found["total"] == IOU_POINTS + 7
    assert json.loads((tmp_path / "out" / "grades.json").read_text())["max"] < 100


def test_without_bubblewrap_nothing_is_run(tmp_path, monkeypatch):
    marker = tmp_path / "ran"
    hand_in(tmp_path / "in", {"ana": in_iou(f"open({str(marker)!r}, 'w')")})
    monkeypatch.setenv("PATH", os.devnull)
    with pytest.raises(ImportError, match="bubblewrap is not installed: install it"):
        graded(tmp_path / "in", tmp_path / "out")
    assert not marker.exists()


@pytest.mark.parametrize(
    ("version", "says"),
    [
        (
            "0.11.0",
            r"can't make a sandbox here \(No permissions to create new namespace\): install",
        ),
        ("0.6.1", r"bubblewrap 0\.6\.1 is too old, grading takes bubblewrap 0\.8"),
    ],
)
def test_nor_where_bubblewrap_cannot_work(tmp_path, monkeypatch, version, says):
    program = tmp_path / "bwrap"
    program.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && echo bubblewrap {version} && exit\n'
        "echo 'bwrap: No permissions to create new namespace' >&2\nexit 1\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    marker = tmp_path / "ran"
    hand_in(tmp_path / "in", {"ana": in_iou(f"open({str(marker)!r}, 'w')")})
    with pytest.raises(ValueError, match=says):
        graded(tmp_path / "in", tmp_path / "out")
    assert not marker.exists()


def test_without_a_sandbox_every_report_says_so(tmp_path, capsys):
    hand_in(tmp_path / "in", {"ana": notebook(IMPORTS, IOU)})
    found = graded(tmp_path / "in", tmp_path / "out", sandboxed=False)
    assert found["ana"]["total"] == IOU_POINTS
    assert "WARNING: --no-sandbox" in capsys.readouterr().err
    assert json.loads((tmp_path / "out" / "grades.json").read_text())["sandbox"] == "none"
