"""网页: the desks in a browser; every change goes through the doors in `producers`."""
