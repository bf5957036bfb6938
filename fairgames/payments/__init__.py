"""What each user is owed for each choice."""
