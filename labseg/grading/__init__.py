"""The instructor's side of the lab; nothing that a student runs imports it."""
