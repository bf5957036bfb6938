"""The game that the payments create among the users."""
