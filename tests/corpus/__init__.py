"""Public collections of files through the real load path: nothing lost, nothing changed, nothing crashed."""
