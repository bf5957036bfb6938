"""The runner and its generator run in a process of their own, with limits of time and memory."""

collect_ignore = ["runner.py", "generator.py"]
