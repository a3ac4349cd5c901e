"""Tests of the proxy, from outside: bytes that go in on one side, and come out on the other."""
