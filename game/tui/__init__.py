"""The Textual application: screens and widgets, nothing else."""
