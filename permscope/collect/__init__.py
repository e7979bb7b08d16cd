"""The world read into facts: templates, live accounts, snapshots."""
