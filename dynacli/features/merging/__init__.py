"""Several documents become one."""
