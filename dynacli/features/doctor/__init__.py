"""`dynacli doctor`: finds problems of the installation and the configuration."""
