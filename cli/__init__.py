"""The command line: a group is a folder, a command is a file; every command has --json and every error names the next command."""
