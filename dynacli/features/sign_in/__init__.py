"""`dynacli auth`: sign in, sign out, and explain which credential a call uses."""
