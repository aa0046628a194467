"""The script of the Glue job. All else is in the wheel, which Glue installs because of --extra-py-files."""

from nightly_report.job import main

if __name__ == "__main__":
    main()
