"""What Google Colab has installed, measured in November 2026: the one table for all tests."""

PYTHON = "3.13"
VERSIONS = {
    "tensorflow": "2.20.0",
    "keras": "3.13.2",
    "numpy": "2.1.3",
    "pillow": "11.3.0",
    "matplotlib": "3.10.0",
    "opencv-python-headless": "5.0.0.93",
    "ipywidgets": "7.7.1",
    "kaggle": "2.0.2",
}
