"""What goes wrong in a way that whoever runs labseg can mend.

The text of each of these errors is all there is to read: it names the file or the value, and the
remedy. The command line shows it without a traceback; any other exception is a bug of ours. Each
class is also the built-in exception that a Python programmer would expect.
"""


class LabsegError(Exception):
    """Any error whose text says what to do."""


class InvalidValue(LabsegError, ValueError):
    """An argument, an array or a file's content that cannot be used."""


class InvalidType(LabsegError, TypeError):
    """Something of another kind than was asked for."""


class FileMissing(LabsegError, FileNotFoundError):
    """A file or a folder that should be there."""


class FileInTheWay(LabsegError, FileExistsError):
    """Something is already where a file or a folder should go."""


class NotAllowed(LabsegError, PermissionError):
    """A person, a service or the system has not given permission."""


class NoConnection(LabsegError, ConnectionError):
    """The network or a server does not answer."""


class DiskError(LabsegError, OSError):
    """A disk is full, or a file cannot be read or written."""


class InUse(LabsegError, BlockingIOError):
    """Another process is at work in the same place."""


class PackageMissing(LabsegError, ImportError):
    """A package that only some commands need is not installed."""
