"""Grading a class: untrusted notebooks in, honest scores out. For instructors.

collect.py finds the submissions, notebook.py reads one, choose.py says which exercise it holds,
stage.py lays out the labseg that goes into the sandbox, sandbox.py runs what is in inside/ there,
submission.py grades one student and batch.py all of them, written.py keeps the points given by
hand, and grades.py writes the result. Nothing of a student's is imported, unpickled or executed
outside the sandbox, and nothing that comes out of it is believed: it is judged.
"""
