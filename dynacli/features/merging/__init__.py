"""Merges several documents into one."""
