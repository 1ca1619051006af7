"""What runs inside the sandbox, beside the student's code; it knows no right answer.

wire.py is also used outside, to read what comes out.
"""
