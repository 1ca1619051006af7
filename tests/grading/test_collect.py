"""Submissions are found however they were handed out; what is odd about one is said of that one."""

import io
import os
import stat
import unicodedata
import zipfile

import pytest
from submissions import IMPORTS, IOU, IOU_POINTS, graded, hand_in, notebook

from labseg.grading import collect
from labseg.grading.collect import Refused

CONTENT = notebook(IMPORTS, IOU)


def write(folder, *names, content=CONTENT):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def zipped(members):
    """The bytes of a zip; members: {name or ZipInfo: bytes}."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def found(source):
    """{student: the names of their files}."""
    return {each.student: [f.name for f in each.files] for each in collect.collect(source)}


def test_a_folder_a_student(tmp_path):
    write(tmp_path, "ana/03_metrics.ipynb", "ben/work/03.ipynb", "ben/work/04.ipynb", "README.txt")
    write(tmp_path, "ana/.ipynb_checkpoints/03_metrics-checkpoint.ipynb", "__MACOSX/ana/._03.ipynb")
    assert found(tmp_path) == {
        "ana": ["03_metrics.ipynb"],
        "ben": ["work/03.ipynb", "work/04.ipynb"],
    }


def test_flat_files(tmp_path):
    write(tmp_path, "ana.ipynb", "ben_03_metrics.ipynb", "ben-04_unet.ipynb", "grades.csv")
    assert found(tmp_path) == {
        "ana": ["ana.ipynb"],
        "ben": ["ben-04_unet.ipynb", "ben_03_metrics.ipynb"],
    }


@pytest.mark.parametrize(
    ("name", "student"),
    [
        ("ana_03_metrics (1).ipynb", "ana"),
        ("ana_03_metrics-Copy1.ipynb", "ana"),
        ("ana_03_metrics - Copy.ipynb", "ana"),
        ("ana_04_unet_v2.ipynb", "ana"),
        ("ana_03_metrics (copy).ipynb", "ana"),
        ("ana_03_metrics - Kopie (2).ipynb", "ana"),
        ("Copy of ana_03_metrics.ipynb", "ana"),
        ("group_04_UNet_2.ipynb", "group 2"),  # perhaps another than group 3
        ("03_metrics_0123457.ipynb", "0123457"),
        ("ana (03_metrics).ipynb", "ana"),
        ("03_metrics_ana.lima.ipynb", "ana.lima"),
        ("ana_03_metrics_lima.ipynb", "ana lima"),
        ("ana 2_03_metrics.ipynb", "ana 2"),
        ("ana_2_03_metrics.ipynb", "ana_2"),  # not Canvas's, though it looks so
        ("03_metrics.ipynb", "03_metrics"),
    ],
)
def test_whose_a_file_is(tmp_path, name, student):
    write(tmp_path, name, "ben_03_metrics.ipynb")
    assert found(tmp_path) == {student: [name], "ben": ["ben_03_metrics.ipynb"]}


@pytest.mark.parametrize("lesson", ["03_metrics", "03_Metrics"])
def test_two_with_a_group_number_stay_two(tmp_path, lesson):
    write(tmp_path, f"ana_2_{lesson}.ipynb", f"ben_2_{lesson}.ipynb")
    assert list(found(tmp_path)) == ["ana_2", "ben_2"]


def test_one_who_is_a_number_stays_one(tmp_path):
    write(tmp_path, "03_metrics_0123457.ipynb", "04_unet_0123457.ipynb")
    assert list(found(tmp_path)) == ["0123457"]


def test_a_name_that_is_written_in_two_ways_stays_one(tmp_path):
    names = [unicodedata.normalize(form, "Jörg Müller") for form in ("NFC", "NFD")]
    write(tmp_path, f"{names[0]}_12_assignsubmission_file_/a.ipynb")
    write(tmp_path, f"{names[1]}_12_assignsubmission_onlinetext_/onlinetext.html")
    (submission,) = collect.collect(tmp_path)
    assert (submission.student, submission.refused) == (names[0], "")


@pytest.mark.parametrize(
    "names",
    [
        ["ana_2_7_a.ipynb", "ben_2_8_a.ipynb"],
        ["ana_2_assignsubmission_file_/a.ipynb", "ben_2_assignsubmission_file_/a.ipynb"],
    ],
)
def test_two_names_with_one_number_are_nobodys(tmp_path, names):
    write(tmp_path, *names)
    (submission,) = collect.collect(tmp_path)
    assert submission.refused.startswith("two things claim to be this student's: ana (")
    assert " and ben (" in submission.refused


def test_who_hands_in_a_file_of_another_kind_is_not_forgotten(tmp_path):
    write(tmp_path, "limaana_51_9001_03_metrics.ipynb", "oneilben_52_9002_03_metrics.html")
    write(tmp_path, "kochcarl_03_metrics.ipynb.txt", "grades.csv", "README.md")
    write(tmp_path, "lenzdora_03_metrics.ipynb", "lenzdora_03_metrics.html", "03_metrics.pdf")
    assert found(tmp_path) == {
        "kochcarl": [],
        "lenzdora": ["lenzdora_03_metrics.ipynb"],
        "limaana": ["03_metrics.ipynb"],
        "oneilben": [],
    }
    assert not any(submission.refused for submission in collect.collect(tmp_path))


def test_beside_folders_single_files_of_another_kind_are_nobodys(tmp_path):
    write(tmp_path, "ana/03_metrics.ipynb", "ana_03_metrics.html", "04_unet_instructions.md")
    (submission,) = collect.collect(tmp_path)
    assert (submission.student, submission.refused) == ("ana", "")


def test_the_grades_among_the_submissions_are_no_students(tmp_path):
    write(tmp_path, "ana/a.ipynb", "grades/feedback/ana.html")
    assert list(found(tmp_path)) == ["ana", "grades"]
    (tmp_path / "link").symlink_to(tmp_path / "grades")
    assert [each.student for each in collect.collect(tmp_path, tmp_path / "link")] == ["ana"]


def test_suffixes_in_capitals(tmp_path):
    write(tmp_path, "ana.IPYNB")
    write(tmp_path, "ben.zip", content=zipped({"03_METRICS.IPYNB": CONTENT}))
    for submission in collect.collect(tmp_path):
        assert list(submission.notebooks()[0].values()) == [CONTENT]


def test_nbgraders_folders(tmp_path):
    write(tmp_path, "submitted/ana/lab/03.ipynb", "submitted/ana/lab/timestamp.txt")
    write(tmp_path, "submitted/ben/lab/03.ipynb", "source/lab/03.ipynb", "release/lab/03.ipynb")
    expected = {"ana": ["lab/03.ipynb"], "ben": ["lab/03.ipynb"]}
    assert found(tmp_path) == expected
    assert found(tmp_path / "submitted") == expected


@pytest.mark.parametrize("inside", ["", "Lab 3-12345/"])
def test_moodles_download(tmp_path, inside):
    members = {
        f"{inside}Ana Lima_12345_assignsubmission_file_/03_metrics.ipynb": CONTENT,
        f"{inside}Ben O_Neil_12346_assignsubmission_file_/my work.zip": zipped(
            {"a.ipynb": CONTENT}
        ),
        f"{inside}Ben O_Neil_12346_assignsubmission_onlinetext_/onlinetext.html": b"<p>",
        f"{inside}Ana Lima_777_assignsubmission_file_/x.ipynb": CONTENT,
    }
    path = tmp_path / "class.zip"
    path.write_bytes(zipped(members))
    submissions = {each.student: each for each in collect.collect(path)}
    assert {name: each.ids["moodle"] for name, each in submissions.items()} == {
        "Ana Lima": "12345",
        "Ana Lima (777)": "777",
        "Ben O_Neil": "12346",
    }
    assert submissions["Ben O_Neil"].notebooks() == ({"a.ipynb": CONTENT}, [])


def test_canvas_download(tmp_path):
    write(tmp_path, "limaana_51_9001_03_metrics.ipynb", "limaana_51_9002_04_unet.ipynb")
    write(tmp_path, "oneilben_LATE_52_9003_lab-1.ipynb")
    submissions = {each.student: each for each in collect.collect(tmp_path)}
    assert {name: each.ids for name, each in submissions.items()} == {
        "limaana": {"canvas": "51"},
        "oneilben": {"canvas": "52"},
    }
    assert [f.name for f in submissions["limaana"].files] == ["03_metrics.ipynb", "04_unet.ipynb"]


def test_a_student_without_a_notebook_is_not_forgotten(tmp_path):
    write(tmp_path, "ana/lab.ipynb", "ben/lab.pdf")
    assert found(tmp_path) == {"ana": ["lab.ipynb"], "ben": []}


@pytest.mark.parametrize("name", ["nothing.zip", "nothing", "empty"])
def test_where_there_is_nothing_it_says_so(tmp_path, name):
    (tmp_path / "empty").mkdir()
    says = r"^There is no .*: give the folder or zip with the submissions\.$"
    with pytest.raises(FileNotFoundError, match=says):
        collect.collect(tmp_path / name)


def test_a_class_zip_that_is_none(tmp_path):
    (tmp_path / "class.zip").write_bytes(b"PK\x03\x04 and so on")
    says = r"is not a zip that can be read \(.*\): give the folder or zip with the submissions"
    with pytest.raises(ValueError, match=says):
        collect.collect(tmp_path / "class.zip")


def linked(target="/etc/passwd"):
    link = zipfile.ZipInfo("link.ipynb")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return zipped({link: target.encode()})


BAD_ZIPS = {
    "up": (zipped({"../../up.ipynb": CONTENT}), "leads out of the zip"),
    "up, with backslashes": (zipped({"..\\up.ipynb": CONTENT}), "leads out of the zip"),
    "absolute": (zipped({"/tmp/up.ipynb": CONTENT}), "leads out of the zip"),
    "a link": (linked(), "symbolic link"),
    "a bomb": (zipped({f"{n}.ipynb": bytes(90_000_000) for n in range(4)}), "grows beyond"),
    "a large file": (zipped({"a.ipynb": bytes(100_000_001)}), "larger than 100 MB"),
    "many files": (zipped({f"{n}.txt": b"" for n in range(6000)}), "holds 6,000 files"),
    "many notebooks": (
        zipped({f"{n}.ipynb": CONTENT for n in range(50)}),
        "there are 50 notebooks",
    ),
}


@pytest.mark.parametrize("name", BAD_ZIPS)
def test_a_bad_zip_is_refused(tmp_path, name):
    content, why = BAD_ZIPS[name]
    write(tmp_path, "ana/work.zip", content=content)
    (submission,) = collect.collect(tmp_path)
    with pytest.raises(Refused, match=why):
        submission.notebooks()
    assert not (tmp_path.parent / "up.ipynb").exists()


def test_so_is_a_bad_file_in_the_class_zip_and_nobody_else(tmp_path):
    path = tmp_path / "class.zip"
    members = {"ana/a.ipynb": CONTENT, "ben/../../b.ipynb": CONTENT, "/eve/c.ipynb": CONTENT}
    path.write_bytes(zipped(members))
    students = graded(path, tmp_path / "out")
    assert {name: each["state"] for name, each in students.items()} == {
        "ana": "graded",
        "ben": "refused",
        "eve": "refused",
    }
    assert students["ana"]["total"] == IOU_POINTS
    assert students["ben"]["total"] is None
    assert students["ben"]["why"] == "b.ipynb: its path leads out of the zip"


def test_links_pipes_and_two_of_a_name_are_refused(tmp_path):
    source = write(tmp_path / "in", "ana/a.ipynb", "both/a.ipynb", "both.ipynb")
    for student in ("link", "fifo", "ring"):
        (source / student).mkdir()
    (source / "link" / "a.ipynb").symlink_to(source / "ana" / "a.ipynb")
    os.mkfifo(source / "fifo" / "a.ipynb")
    (source / "ring" / "loop").symlink_to(source)  # a folder: not followed
    (source / "elsewhere").symlink_to(source / "ana")
    (source / "empty").mkdir()
    students = graded(source, tmp_path / "out")
    assert {name: (each["state"], each["why"]) for name, each in students.items()} == {
        "ana": ("graded", ""),
        "both": ("refused", "two things claim to be this student's: both and single files"),
        "elsewhere": ("refused", "its folder is a symbolic link"),
        "empty": ("unreadable", "there is no notebook in it"),
        "fifo": ("refused", "a.ipynb is no plain file"),
        "link": ("refused", "a.ipynb is a symbolic link"),
        "ring": ("unreadable", "there is no notebook in it"),
    }


def test_large_notebooks_are_refused_together(tmp_path):
    write(tmp_path, *(f"ana/{n}.ipynb" for n in range(4)), content=bytes(90_000_000))
    (submission,) = collect.collect(tmp_path)
    with pytest.raises(Refused, match="larger than 300 MB together"):
        submission.notebooks()


def test_a_name_that_is_no_text_is_shown_as_far_as_it_goes(tmp_path):
    write(tmp_path / "in", os.fsdecode(b"caf\xe9/a\xff.ipynb"), "line\nbreak/b.ipynb")
    students = graded(tmp_path / "in", tmp_path / "out")
    assert {name: each["total"] for name, each in students.items()} == {
        "caf?": IOU_POINTS,
        "line break": IOU_POINTS,
    }


UNREADABLE = {
    "no JSON": b'{"cells": [',
    "no notebook": b"[1, 2]",
    "nothing": b"",
    "no text": bytes(range(256)),
    "deep": b"[" * 100_000,
    "no cells": b'{"cells": 7, "nbformat": 4}',
    "not a zip": b"PK",
}


def test_what_cannot_be_read_says_so(tmp_path):
    files = {
        name: {"work.zip" if name == "not a zip" else "a.ipynb": content}
        for name, content in UNREADABLE.items()
    }
    students = graded(hand_in(tmp_path / "in", files), tmp_path / "out")
    for name, student in students.items():
        assert student["state"] == "unreadable", name
        assert student["why"]
        assert student["total"] is None


def test_cells_of_any_shape_are_no_reason_to_stop(tmp_path):
    cells = [None, 7, [], {}, {"cell_type": "code"}, {"cell_type": "code", "source": [1, None]}]
    cells += [{"cell_type": "code", "source": 5, "metadata": []}, {"cell_type": ["code"]}]
    content = notebook(*cells[3:], IMPORTS, IOU)
    students = graded(hand_in(tmp_path / "in", {"ana": content}), tmp_path / "out")
    assert students["ana"]["total"] == IOU_POINTS


def test_one_unreadable_notebook_does_not_spoil_another(tmp_path):
    files = {"03_metrics.ipynb": CONTENT, "04_unet.ipynb": b"{"}
    students = graded(hand_in(tmp_path / "in", {"ana": files}), tmp_path / "out")
    assert students["ana"]["total"] == IOU_POINTS
    assert students["ana"]["notes"] == [
        "04_unet.ipynb can't be read: it is not a notebook: it can't be read as JSON"
    ]


def test_of_two_notebooks_the_one_that_was_worked_on_is_graded(tmp_path):
    stub = "def iou(y_true, y_pred, threshold=0.5):\n    raise NotImplementedError"
    files = {"03_metrics.ipynb": notebook(IMPORTS, stub), "03_metrics-Copy1.ipynb": CONTENT}
    students = graded(hand_in(tmp_path / "in", {"ana": files}), tmp_path / "out")
    assert students["ana"]["total"] == IOU_POINTS
    assert students["ana"]["exercises"]["iou"]["file"] == "03_metrics-Copy1.ipynb"
    assert students["ana"]["notes"] == [
        "iou: 03_metrics-Copy1.ipynb is graded, not 03_metrics.ipynb"
    ]
