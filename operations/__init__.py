"""What people and clients may ask for, checked and carried out the same way from the command line, the API and the console."""
