"""What rules look for that YAML would not say well: the predicates and finders, found by being here."""
