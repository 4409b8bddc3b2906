"""dbt inside a publication: running it in this process, its manifest, and where its models read and write."""
