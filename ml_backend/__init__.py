"""The backend: extracts faces, trains models, swaps faces and measures the result."""

__version__ = "0.1.0"
