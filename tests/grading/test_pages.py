"""The pages for students and instructors: what they show, and what they never do."""

import re
from html.parser import HTMLParser

import pytest

from labseg.grading import figures, pages

SCRIPT = "<script>alert(1)</script>"


def part(name, points, most, message="", given=None, expected=None):
    shown = {"given": given, "expected": expected}
    return {"name": name, "points": points, "max": most, "message": message, **shown}


def result(state="graded", points=None, parts=(), **more):
    blank = {"why": "", "remark": "", "text": "", "file": "", "cell": ""}
    return {"state": state, "points": points, "max": 8, "parts": list(parts), **blank, **more}


def student(name, state="graded", total=None, exercises=None, why="", notes=()):
    row = {"student": name, "state": state, "total": total, "why": why, "notes": list(notes)}
    return row | {"exercises": exercises or {}}


WRONG = part("threshold", 0, 2, f"write >=, not >; with y_true={SCRIPT}", given=SCRIPT, expected=42)
CLASS = [
    student("ana", total=8, exercises={"iou": result(points=8, parts=[part("threshold", 2, 2)])}),
    student(
        f"ben {SCRIPT}",
        total=6,
        notes=[f"a note {SCRIPT}"],
        exercises={"iou": result(points=6, parts=[WRONG], cell=SCRIPT, file=SCRIPT)},
    ),
    student("carl", total=6, exercises={"iou": result(points=6, parts=[WRONG])}),
    student("dora", "not attempted", exercises={"iou": result("not attempted")}),
    student("eve", "unreadable", why=f"it is no notebook {SCRIPT}"),
    student("finn", "to be read", exercises={"iou": result("to be read", text=SCRIPT)}),
]
GRADES = {
    "labseg": "1.2",
    "seed": 7,
    "sandbox": "bubblewrap 0.8.0",
    "executed": "needed code",
    "lessons": ["03_metrics"],
    "max": 8,
    "exercises": [{"name": "iou", "notebook": "03_metrics", "max": 8, "by_hand": False}],
    "students": CLASS,
}


def page(name, grades=GRADES):
    (one,) = [each for each in CLASS if each["student"].startswith(name)]
    return pages.feedback(one, grades)


def words(html):
    return " ".join(re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.DOTALL).split())


def class_page(grades=GRADES):
    return pages.class_page(grades, pages.file_names([s["student"] for s in grades["students"]]))


def test_feedback_shows_the_points_each_message_and_what_was_given():
    said = words(page("ben"))
    assert "6 of 8 points" in said
    assert "✗ threshold (0 of 2): write &gt;=, not &gt;" in said
    assert "given: " in said


def test_feedback_never_shows_what_was_expected():
    assert "42" not in words(page("ben"))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("dora", "Not attempted."),
        ("eve", "it could not be read"),
        ("finn", "Your instructor reads it."),
    ],
)
def test_feedback_says_why_there_are_no_points(name, says):
    said = words(page(name))
    assert says in said
    assert "– of 8 points" in said


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ("graded", "6 of 8 points"),
        ("crashed", "6 of 8 points (not all of it could be graded: see below)"),
        ("out of time", "6 of 8 points (not all of it could be graded: see below)"),
        ("to be read", "6 of 8 points (your instructor still reads a part of it)"),
    ],
)
def test_feedback_says_what_the_points_leave_out(state, says):
    said = words(pages.feedback(student("gina", state, total=6), GRADES))
    assert says in said
    assert said.partition("of 8 points ")[2].startswith("(") == (state != "graded")


@pytest.mark.parametrize("name", ["ben", "eve", "finn"])
def test_nothing_of_a_students_becomes_a_tag(name):
    assert "alert(1)" in page(name)
    assert "<script" not in page(name)
    assert "<script" not in class_page()


def test_the_page_about_the_class_says_who_and_what_needs_attention():
    said = words(class_page())
    assert "6 students: 3 graded, 1 not attempted, 1 unreadable, 1 to be read." in said
    assert "Who has not begun dora All students" in said
    assert "2 iou threshold write &gt;=, not &gt;" in said  # the message, without its example
    assert "ben &lt;script&gt;alert(1)&lt;/script&gt; : a note" in said


def test_its_figures_say_in_words_what_they_show():
    _, totals = figures.totals(GRADES)
    assert totals.endswith("2 from 5.6 to 6.4, 1 from 7.2 to 8.")
    _, parts = figures.parts(GRADES)
    assert parts.endswith("iou: threshold 1 of 3.")


def test_a_class_without_any_grade_has_a_page_too():
    nobody = GRADES | {"students": [], "lessons": [], "exercises": [], "max": 0}
    said = words(class_page(nobody))
    assert "no lesson was handed in" in said
    assert "Everybody has." in said


@pytest.mark.parametrize("name", ["ana", "dora"])
def test_a_run_without_a_sandbox_says_so_on_every_page(name):
    unsafe = GRADES | {"sandbox": "none"}
    assert "were run without a sandbox" in words(page(name, unsafe))
    assert "were run without a sandbox" in words(class_page(unsafe))
    assert "without a sandbox" not in words(page(name))


class Addresses(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        self.found += [value for key, value in attributes if key in ("href", "src", "srcset")]


@pytest.mark.parametrize("html", [page("ben"), class_page()], ids=["feedback", "class"])
def test_a_page_asks_for_nothing_from_elsewhere(html):
    parser = Addresses()
    parser.feed(html)
    assert all(re.match(r"#|data:image/png|feedback/", address) for address in parser.found)
    assert "default-src 'none'" in html


def test_every_student_has_a_file_of_their_own():
    students = ["Ana B", "ana b", "ana_b-2", "../../etc/passwd", "Inês", "", "x" * 300, "x" * 301]
    names = pages.file_names(students)
    assert len({name.lower() for name in names}) == len(students)
    assert all(re.fullmatch(r"[\w-]{1,70}\.html", name) for name in names)
    assert names[4] == "Inês.html"


def test_pages_are_written_and_those_of_students_who_left_are_removed(tmp_path):
    pages.write(tmp_path, GRADES)
    assert len(list((tmp_path / "feedback").iterdir())) == len(CLASS)
    pages.write(tmp_path, GRADES | {"students": CLASS[:1]})
    assert [path.name for path in (tmp_path / "feedback").iterdir()] == ["ana.html"]
    assert (tmp_path / "class.html").exists()
