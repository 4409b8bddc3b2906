"""Databases and dbt projects that are not the lakehouse's, read like one."""
