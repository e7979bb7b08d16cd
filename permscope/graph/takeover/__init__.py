"""Who may become whom: escalation paths, judged against what is really there."""
