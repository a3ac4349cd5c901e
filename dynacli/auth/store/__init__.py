"""Where credentials are kept between runs: the system's keyring, or a file that only its owner can read."""
