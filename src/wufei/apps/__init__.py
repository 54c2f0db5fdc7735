"""The Django shell: one app an area, the same file names in each."""
