"""Stage, audit, publish: the one way any table of any layer becomes visible, on a folder or on a branch."""
