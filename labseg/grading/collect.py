"""Find the submissions in a folder or a zip, however it was handed out.

A folder a student, flat files, nbgrader's submitted/<student>/<assignment>/, Moodle's
"<name>_<number>_assignsubmission_file_" and Canvas's "<name>_<user>_<submission>_<file>". A zip in
place of a student's folder, or in it, is opened, once. Whatever is odd about one submission is
said of that one; the rest is found all the same.
"""

import hashlib
import io
import os
import re
import stat
import unicodedata
import zipfile
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from labseg.errors import FileMissing, InvalidValue
from labseg.exercises.catalogue import EXERCISES
from labseg.exercises.verdict import short

MAX_FILE = 100_000_000  # bytes of a notebook, or of a student's zip
MAX_ALL = 300_000_000  # bytes of a student's notebooks, unpacked
MAX_NOTEBOOKS = 40  # of a student
MAX_MEMBERS = 5_000  # of a student's zip
MAX_CLASS = 200_000  # files of all submissions
IGNORED = ("__MACOSX", ".ipynb_checkpoints")
MOODLE = re.compile(
    r"(?P<name>.+?)_(?P<number>\d+)_assignsubmission_(?:file|onlinetext)(?:_(?P<file>.*))?", re.S
)
LESSONS = "|".join(sorted({re.escape(exercise.notebook) for exercise in EXERCISES}))
CANVAS = re.compile(  # the second number is that of the submission, not of a lesson
    rf"(?P<name>[^_]+)_(?:LATE_)?(?P<number>\d+)_(?!(?i:{LESSONS}))\d+_(?P<file>.+)", re.S
)
LINK = "it is a symbolic link"
# A lesson in a file's name, and what browsers, JupyterLab, Colab and students add to copies. A
# number alone is none of it: it may be the student's.
COPY = r"(?:[\s_.-]*(?:\(\d+\)|\(?(?:copy|kopie)\s*\d*\)?|v\d+))*$"
LESSON = re.compile(rf"[\s_.(-]*(?:{LESSONS})(?:{COPY}|[\s_.)-]*)", re.I)
COPY_OF = re.compile(r"(?:copy of|kopie von)\s+", re.I)


class Refused(InvalidValue):
    """What is not even looked at."""


@dataclass(frozen=True)
class File:
    """A file of a submission.

    path: on the disk or, if the class came as one zip, in that. unsafe: why it isn't touched.
    """

    name: str
    path: Path | str
    archive: Path | None = None
    unsafe: str = ""

    def read(self):
        """Its bytes; InvalidValue, in one sentence, if it is no plain file or too large."""
        if self.unsafe:
            raise Refused(f"{short(self.name)}: {self.unsafe}")
        if self.archive:
            with zipfile.ZipFile(self.archive) as archive:
                return _member(archive, archive.getinfo(str(self.path)))
        try:
            number = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError as error:
            if os.path.islink(self.path):
                raise Refused(f"{short(self.name)} is a symbolic link") from None
            raise InvalidValue(f"{short(self.name)} can't be read ({error.strerror})") from None
        with os.fdopen(number, "rb") as file:
            if not stat.S_ISREG(os.fstat(number).st_mode):
                raise Refused(f"{short(self.name)} is no plain file")
            content = file.read(MAX_FILE + 1)
        return _not_too_large(content, self.name)


@dataclass
class Submission:
    """What one student handed in. refused: why it isn't looked at, a sentence, or ""."""

    student: str
    ids: dict = field(default_factory=dict)  # {"moodle" or "canvas": the student's number there}
    files: list[File] = field(default_factory=list)
    kinds: set = field(default_factory=set)  # how it was found, to tell a student from another
    refused: str = ""

    @property
    def key(self):
        """A name for files about it, whatever the student is called."""
        plain = re.sub(r"[^A-Za-z0-9.-]+", "_", self.student).strip("._")[:40]
        return f"{plain or 'student'}-{hashlib.sha256(self.student.encode()).hexdigest()[:10]}"

    def notebooks(self):
        """({file's name: bytes}, [notes on them]); Refused or InvalidValue if it can't be read."""
        if self.refused:
            raise Refused(self.refused)
        found, notes = {}, []
        for file in self.files:
            content = file.read()
            is_zip = file.name.lower().endswith(".zip")
            for name, each in (_unzipped(content) if is_zip else {file.name: content}).items():
                if name in found:
                    notes.append(f"{short(name)} is there more than once: the last of them counts")
                found[name] = each
            if sum(map(len, found.values())) > MAX_ALL:
                raise Refused(f"its notebooks are larger than {MAX_ALL / 1e6:.0f} MB together")
        if len(found) > MAX_NOTEBOOKS:
            raise Refused(f"there are {len(found)} notebooks in it, more than a lab has")
        return found, notes


# Files and zips.


def collect(source, out=None):
    """Every Submission in a folder or a zip, in the order of the students' names.

    out: the folder of the grades, which may lie among the submissions.
    Raises FileMissing or InvalidValue if there is none at all, or the zip can't be read.
    """
    source = Path(source).expanduser()
    if source.is_dir():
        files = _in_folder(source, Path(out).resolve() if out else None)
    elif source.is_file():
        files = _in_zip(source)
    else:
        raise FileMissing(f"There is no {source}: give the folder or zip with the submissions.")
    around = _wrapping([parts for parts, file in files if _is_notebook(file.name)])
    found, others = {}, []
    for parts, file in files:
        inside = parts[len(around) :]
        if parts[: len(around)] != around:
            continue
        if len(inside) > 1 or _is_notebook(file.name) or _number(file.name):
            _add(found, inside, file)
        else:
            others.append(file.name)
    _add_others(found, others)
    if not any(submission.files for submission in found.values()):
        raise FileMissing(
            f"There is no notebook and no zip in {source}: give the folder or zip with the "
            "submissions."
        )
    _check_claims(found.values())
    return sorted(found.values(), key=lambda each: (each.student.casefold(), each.student))


def _in_folder(folder, out):
    """[(parts of the path, File)] of all files; links are found but not followed."""
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _ignored(name))
        if out:
            folders[:] = [name for name in folders if Path(place, name).resolve() != out]
        inside = Path(place).relative_to(folder).parts
        for name in sorted(names):
            if not _ignored(name):
                found.append(((*inside, name), File(name, Path(place, name))))
        links = [name for name in folders if os.path.islink(Path(place, name))]
        found += [((*inside, name, ""), File("", Path(place, name), unsafe=LINK)) for name in links]
        if not names and not folders:
            found.append(((*inside, ""), File("", Path(place))))  # somebody's, if empty
        if len(found) > MAX_CLASS:
            raise InvalidValue(f"{folder} holds more than {MAX_CLASS:,} files.")
    return found


def _in_zip(path):
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise InvalidValue(
            f"{path} is not a zip that can be read ({error}): give the folder or zip with the "
            "submissions."
        ) from None
    if len(members) > MAX_CLASS:
        raise InvalidValue(f"{path} holds more than {MAX_CLASS:,} files.")
    found = []
    for member in members:
        parts = PurePosixPath(member.filename.replace("\\", "/")).parts
        parts = tuple(part for part in parts if part not in ("..", "/"))
        if parts and not member.is_dir() and not any(map(_ignored, parts)):
            found.append((parts, File(parts[-1], member.filename, path, _unsafe(member))))
    return found


def _is_notebook(name):
    """Whether it is a notebook, or a zip that may hold some."""
    return name.lower().endswith((".ipynb", ".zip"))


def _ignored(name):
    return name in IGNORED or name.startswith(".")


def _unsafe(member):
    """Why a zip's member is not touched; "" if there is nothing against it."""
    name = member.filename.replace("\\", "/")
    if name.startswith("/") or re.match("[A-Za-z]:", name) or ".." in name.split("/"):
        return "its path leads out of the zip"
    if stat.S_ISLNK(member.external_attr >> 16):
        return LINK
    if member.flag_bits & 1:
        return "it is encrypted"
    return ""


def _unzipped(content):
    """{name: bytes} of the notebooks in a student's zip; InvalidValue if it is not sound."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if len(members) > MAX_MEMBERS:
                raise Refused(f"its zip holds {len(members):,} files")
            for member in members:
                if unsafe := _unsafe(member):
                    raise Refused(f"its zip holds {short(member.filename)}: {unsafe}")
            return _notebooks_in(archive, members)
    except (zipfile.BadZipFile, NotImplementedError, OSError, RuntimeError, ValueError) as error:
        if isinstance(error, InvalidValue):
            raise
        raise InvalidValue(f"its zip can't be read ({short(error, 100)})") from None


def _notebooks_in(archive, members):
    found, total = {}, 0
    for member in members:
        parts = PurePosixPath(member.filename.replace("\\", "/")).parts
        if member.is_dir() or any(map(_ignored, parts)):
            continue
        if not parts[-1].lower().endswith(".ipynb"):
            continue
        content = _member(archive, member)
        total += len(content)
        if total > MAX_ALL:
            raise Refused("its zip grows beyond all measure when it is unpacked")
        found[member.filename] = content
    return found


def _member(archive, member):
    """The bytes of a zip's member, read no further than may be, whatever size it claims."""
    with archive.open(member) as file:
        return _not_too_large(file.read(MAX_FILE + 1), member.filename)


def _not_too_large(content, name):
    if len(content) > MAX_FILE:
        raise Refused(f"{short(name)} is larger than {MAX_FILE / 1e6:.0f} MB")
    return content


# Whose file is it?


def _wrapping(paths):
    """The folders around all submissions, nbgrader's `submitted` among them, as parts of a path."""
    around = ()
    while paths:
        tops = {parts[0] for parts in paths}
        if "submitted" in tops:
            return (*around, "submitted")
        if len(tops) > 1 or MOODLE.fullmatch(min(tops)) or min(map(len, paths)) < 2:
            return around
        paths = [parts[1:] for parts in paths]
        several = len({parts[0] for parts in paths}) > 1 and min(map(len, paths)) > 1
        if not several and not all(_number(parts[0]) for parts in paths):
            return around  # this is the folder of the only student
        around += tuple(tops)
    return around


def _check_claims(submissions):
    """Refuse what two things claim to be; give students of the same name different ones."""
    names = {}
    for submission in submissions:
        if len(submission.kinds) > 1:
            kinds = " and ".join(sorted(short(kind, 60) for kind in submission.kinds))
            submission.refused = f"two things claim to be this student's: {kinds}"
        names.setdefault(submission.student, []).append(submission)
    for same in names.values():
        for n, submission in enumerate(same[1:], 2):
            submission.student += f" ({next(iter(submission.ids.values()), n)})"


def _number(name):
    """How Moodle or Canvas name a file, as (system, match), or None."""
    for system, pattern in (("moodle", MOODLE), ("canvas", CANVAS)):
        if match := pattern.fullmatch(name):
            return system, match
    return None


def _add(found, parts, file):
    """Put a file to the submission that it belongs to; a PDF only shows that there is one."""
    top = parts[0]
    named = _number(top)
    if named:
        system, match = named
        student, ids = unicodedata.normalize("NFC", match["name"]), {system: match["number"]}
        kind = f"{student} ({system} {match['number']})"
    elif len(parts) > 1 or top.lower().endswith(".zip"):
        student, ids, kind = top if len(parts) > 1 else _stem(top), {}, top
    else:
        student, ids, kind = _stem(top), {}, "single files"
    key = (system, match["number"]) if named else unicodedata.normalize("NFC", student)
    student = short(unicodedata.normalize("NFC", student), 120) or "(no name)"
    submission = found.setdefault(key, Submission(student, ids))
    submission.kinds.add(kind)
    if file.unsafe == LINK and parts[1:] == ("",):
        submission.refused = "its folder is a symbolic link"
    if not _is_notebook(file.name):
        return
    name = "/".join(parts[1:]) if len(parts) > 1 else named[1]["file"] if named else top
    submission.files.append(replace(file, name=name or top))


def _add_others(found, names):
    """Of single files that are no notebooks, a submission for whoever has no other."""
    if not any("single files" in submission.kinds for submission in found.values()):
        return
    for name in filter(LESSON.search, names):  # the rest is nobody's
        if student := _student(name):
            key = unicodedata.normalize("NFC", student)
            found.setdefault(key, Submission(short(key, 120), kinds={"single files"}))


def _stem(name):
    return _student(name) or _plain_stem(name)


def _plain_stem(name):
    return re.sub(r"(\.ipynb)?\.[^.]*$", "", name, flags=re.I)


def _student(name):
    """A student's name from that of a file: "ana_03_metrics (1).ipynb" is Ana's."""
    return LESSON.sub(" ", COPY_OF.sub("", _plain_stem(name))).strip()
