"""The exercises: one record and one file each, one list of them, one judge for all.

exercise.py says what a record holds and catalogue.py lists the records. answers.py calls the
student's code and, with labseg/tracing.py, is all that a grading sandbox needs; judge.py turns
what came back into a verdict.
"""
