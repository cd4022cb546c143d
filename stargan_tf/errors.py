"""The exceptions that are shown to people rather than to programmers."""

import os


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


def error_sentence(error: OSError) -> str:
    """What an error of the system says to people: which file, why, and what to do."""
    reason = error.strerror or str(error) or type(error).__name__
    found = (error.filename, error.filename2)
    names = [os.fsdecode(name) for name in found if isinstance(name, str | bytes | os.PathLike)]
    return system_sentence(f"{' or '.join(names)} ({reason})" if names else reason)


def system_sentence(reason: str) -> str:
    """A sentence about an error of the system, of which `reason` says the file and the cause."""
    reason = " ".join(reason.split()).rstrip(" .:")
    return (
        f"Could not go on with {reason}: see that the path is right, that you may read or write "
        "there and that the disk has room, then run the same command again."
    )
