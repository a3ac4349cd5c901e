"""`dynacli doctor`: what is wrong with the installation and the configuration."""
