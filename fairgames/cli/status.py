"""What the command's exit status says."""

ANSWERED = 0
CHECK_FAILED = 1
BAD_INPUT = 2
INCOMPLETE = 3
