"""Figures across capabilities, frozen as they stood, and the reports made of them."""
