"""Pictures and masks: from Kaggle to a folder, and from a folder to arrays."""
