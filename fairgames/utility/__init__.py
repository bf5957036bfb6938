"""What the platform gains at a profile of privacy levels."""
