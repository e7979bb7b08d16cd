"""What a change lets happen: two graphs, compared by what they mean."""
