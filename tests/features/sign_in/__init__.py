"""Tests of `dynacli auth`, and of OAuth."""
