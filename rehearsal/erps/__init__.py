"""One file for each ERP that a story may play over."""
