"""Generates repositories as teams have them: templates of 50 to 300 lines, some twenty files a unit, any depth."""
