"""Formats that people take for images, and that are not read here."""

_STARTS = (
    (b"\xff\x0a", "JPEG XL"),
    (b"\x00\x00\x00\x0cJXL ", "JPEG XL"),
    (b"\x00\x00\x00\x0cjP  ", "JPEG 2000"),
    (b"%PDF", "PDF"),
    (b"8BPS", "PSD"),
    (b"<svg", "SVG"),
    (b"<!doctype html", "HTML"),
    (b"<html", "HTML"),
)
_BOXES = (  # by the kinds that a file with a ftyp box says it has
    ((b"avif", b"avis"), "AVIF"),
    ((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), "HEIC"),
    ((b"crx ",), "CR3"),
)
_HEAD = 512


def unread_format(content: bytes) -> str:
    """The name of a format that is known and not read, such as HEIC; empty for others."""
    if content[4:8] == b"ftyp":
        end = min(int.from_bytes(content[:4], "big"), _HEAD)
        kinds = {content[start : start + 4] for start in range(8, end, 4)}
        return next((name for known, name in _BOXES if kinds & set(known)), "video (MP4 or MOV)")
    head = content[:_HEAD].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if head.startswith(b"<?xml") and b"<svg" in head:
        return "SVG"
    starts = (
        name for start, name in _STARTS if content.startswith(start) or head.startswith(start)
    )
    return next(starts, "")


def unknown(content: bytes) -> str:
    """Why the content of a file is not read, in words."""
    name = unread_format(content)
    if not name:
        return "not an image, or of an unknown format"
    return f"the format is {name}, which is not read: convert it to JPEG or PNG"
