"""What goes over the wire: parameters, JSON, problems, tags, cursors, and their description."""
