"""The exceptions that are shown to people rather than to programmers."""


class UserError(Exception):
    """Input that cannot be worked with.

    The text is one sentence that says what was found, what was expected and
    what to do; the command line prints it alone, without a traceback, and exits
    with status `exit_status`.
    """

    exit_status = 1


class TemporaryError(UserError):
    """What may be gone when the same command is started again.

    Schedulers can tell by the status: a TFJob with `restartPolicy: ExitCode` starts
    a process anew after 128 and above, of which 138 is for programs to use, and
    gives up after what is below.
    """

    exit_status = 138
