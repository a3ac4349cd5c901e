"""What the stand-in knows: servers, workflows, runs and insights, the same at every start."""
