"""The gate that every free text passes, the numbers to ring, and finding personal details: lists and rules, nothing else."""
