"""The data of the demo API: servers, workflows, runs and insights, the same at every start."""
