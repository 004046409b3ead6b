"""The room of native processes: the only one with sockets, files and compiled cryptography."""
