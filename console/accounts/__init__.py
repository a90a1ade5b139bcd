"""账号：who may sign in: accounts with roles, passwords, sessions, set-up links, tokens of
systems.
"""
