"""The pages: one with feedback for each student, and one about the class for the instructor.

Each is a single file that needs no network. All that comes from a student is escaped, and no page
runs a script. Feedback shows what was given, never what was expected.
"""

import re
from collections import Counter
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from labseg.files import disk_errors, write_whole
from labseg.grading import figures

FEEDBACK = "feedback"  # the folder of the students' pages
CLASS = "class.html"
COMMONEST = 10  # messages on the page about the class
LATER = "judged once"  # how a message begins that only points to another part
SAID = {
    "graded": "graded",
    "to be read": "your instructor reads it",
    "not attempted": "not attempted",
    "crashed": "it could not be graded",
    "out of time": "it took too long",
    "out of memory": "it needed too much memory",
    "unreadable": "it could not be read",
    "refused": "it was not graded",
}

TEMPLATES = Environment(
    loader=PackageLoader("labseg.grading"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
TEMPLATES.filters["points"] = lambda points: "–" if points is None else f"{points:g}"
TEMPLATES.globals |= {"said": SAID}


def write(folder, grades):
    """Write class.html and feedback/<student>.html from what grades.json holds."""
    folder = Path(folder)
    pages = folder / FEEDBACK
    names = file_names([student["student"] for student in grades["students"]])
    with disk_errors(pages):
        pages.mkdir(exist_ok=True)
        for old in pages.glob("*.html"):  # of students who are no longer among the submissions
            if old.name not in names:
                old.unlink()
        for student, name in zip(grades["students"], names, strict=True):
            _save(pages / name, feedback(student, grades))
        _save(folder / CLASS, class_page(grades, names))


def _save(path, page):
    write_whole(path, page.encode("utf-8", "replace"))


def file_names(students):
    """A name for each student's page that every file system takes; no two are alike."""
    taken, names = set(), []
    for student in students:
        stem = re.sub(r"[^\w-]+", "_", student).strip("_")[:60] or "student"
        name, n = stem, 1
        while name.lower() in taken:
            n += 1
            name = f"{stem}-{n}"
        taken.add(name.lower())
        names.append(f"{name}.html")
    return names


def feedback(student, grades):
    """A student's page, as text."""
    lessons = {}
    for exercise in grades["exercises"]:
        if result := student["exercises"].get(exercise["name"]):
            lessons.setdefault(exercise["notebook"], []).append((exercise["name"], result))
    page = TEMPLATES.get_template("feedback.html")
    return page.render(student=student, lessons=lessons, grades=grades)


def class_page(grades, names):
    """The page about the class, as text; names: the students' pages."""
    students = list(zip(grades["students"], names, strict=True))
    page = TEMPLATES.get_template("class.html")
    return page.render(
        grades=grades,
        students=students,
        states=Counter(student["state"] for student, _ in students),
        not_begun=[student for student, _ in students if student["state"] == "not attempted"],
        totals=figures.totals(grades),
        parts=figures.parts(grades),
        messages=commonest(grades),
        feedback=FEEDBACK,
    )


def commonest(grades):
    """[(exercise, part, message, how many students heard it)], the commonest first."""
    heard = Counter(
        (name, part["name"], _without_example(part["message"]))
        for student in grades["students"]
        for name, result in student["exercises"].items()
        for part in result["parts"]
        if part["message"] and not part["message"].startswith(LATER)
    )
    return [(*key, n) for key, n in heard.most_common(COMMONEST)]


def _without_example(message):
    """A message without its example, which is another one for every student."""
    return re.split(r";? with \w+=|; with |, with ", message)[0]
