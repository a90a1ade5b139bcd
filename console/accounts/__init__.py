"""账号：who may sign in: accounts with roles, passwords, sessions, set-up links, tokens of
systems.
"""

from console.accounts.sessions import Signed, session_of, still_open

__all__ = ["Signed", "session_of", "still_open"]
