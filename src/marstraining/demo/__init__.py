"""The reference case with an upcoming programme, its people invented and reproducible."""
