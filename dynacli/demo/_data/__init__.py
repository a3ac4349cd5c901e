"""The data of the stand-in: servers, workflows, runs and insights, the same at every start."""
