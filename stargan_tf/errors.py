"""The one exception that is shown to people rather than to programmers."""


class UserError(Exception):
    """Input that cannot be worked with.

    The text is one sentence that says what was found, what was expected and
    what to do; the command line prints it alone, without a traceback, and exits
    with status 1.
    """
