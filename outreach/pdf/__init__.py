"""What goes on paper. Each module turns what is told into the data of one template."""
