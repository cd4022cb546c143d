"""Names of domains and of files."""

import os
import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stargan_tf.data.schema import shard_name
from stargan_tf.errors import UserError
from stargan_tf.files import MAX_NAME_BYTES
from stargan_tf.names import domain_names, find_domain, is_system_name
from stargan_tf.serving.client import files

FORMS = ("NFC", "NFD")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "name", ["Müller", "Café", "がっこう", "고양이", "बिल्ली", "கோழி", "แมวส้ม", "שָׁלוֹם", "Tiếng-Việt"]
)
def test_letters_keep_their_marks(name, form):
    name = unicodedata.normalize("NFC", name)
    original = unicodedata.normalize(form, name)
    assert domain_names([original]) == {original: name}


def test_letters_without_marks_are_named_as_before():
    """Else a data set that is prepared again would not fit its runs."""
    for code in range(1, 0x3000):
        character = chr(code)
        if unicodedata.category(character).startswith("M") or not unicodedata.is_normalized(
            "NFC", character
        ):
            continue
        original = f"a{character}b{character}{character}-1"
        assert domain_names([original]) == {original: re.sub(r"[^\w.+-]+", "_", original)}


@pytest.mark.parametrize(
    ("original", "name"),
    [
        ("My Cats 🐱️ (ünïcode)", "My_Cats_ünïcode"),
        ("❤️ love", "love"),
        ("a/b\\c:d\0e", "a_b_c_d_e"),
        ("..", None),
        ("🐱️", None),
        ("\u0301", None),
    ],
)
def test_what_is_no_letter_becomes_one_line(original, name):
    if name:
        assert domain_names([original]) == {original: name}
    else:
        with pytest.raises(UserError, match="letters or digits in its name"):
            domain_names([original])


@pytest.mark.parametrize("letter", ["x", "한"])
def test_names_of_domains_fit_into_those_of_shards(letter):
    fits = letter * (200 // len(letter.encode()))
    assert domain_names([fits]) == {fits: fits}
    assert len(os.fsencode(shard_name("train", fits, 99999, 99999))) <= MAX_NAME_BYTES
    with pytest.raises(UserError, match="expected at most 200, since names of files"):
        domain_names(["cat", fits + letter])


def test_marks_tell_domains_apart():
    assert len(set(domain_names(["कि", "की", "Åre", "Äre", "Are"]).values())) == 5


@pytest.mark.parametrize("stored", FORMS)
@pytest.mark.parametrize("asked", FORMS)
@pytest.mark.parametrize("name", ["개", "Müller", "बिल्ली"])
def test_a_domain_is_found_in_either_form(name, stored, asked):
    domains = ["cat", unicodedata.normalize(stored, name)]
    assert find_domain(unicodedata.normalize(asked, name), domains) == 1


def test_a_domain_is_found_by_the_name_of_its_folder():
    domains = list(domain_names(["My Cats 🐱 (ünïcode)", "dog"]).values())
    assert find_domain("My Cats 🐱 (u\u0308nïcode)", domains) == 0
    assert find_domain("Dog", domains) is None
    assert find_domain("🐱", domains) is None
    assert find_domain("", domains) is None


NAMES = [
    *(".DS_Store", "._a.jpg", ".thumbnails", "Thumbs.db", "THUMBS.DB", "ehthumbs.db"),
    *("desktop.ini", "Desktop.ini", "__MACOSX", "@eaDir", "$RECYCLE.BIN", "Icon\r"),
    *("System Volume Information", "lost+found", "Picasa.ini"),
]


@pytest.mark.parametrize("name", NAMES)
def test_what_systems_leave_behind_is_known_everywhere(name):
    assert is_system_name(name) and files.is_system_name(name)


@pytest.mark.parametrize("name", ["thumbs.jpg", "desktop", "macosx", "icon", "Thumbs.db.png"])
def test_images_are_no_system_files(name):
    assert not is_system_name(name) and not files.is_system_name(name)


def test_the_client_passes_over_the_same_files():
    """It imports nothing of the project, and so has a list of its own."""
    from stargan_tf import names

    assert files._SYSTEM_NAMES == names._SYSTEM_NAMES


# Also halves of characters, as file systems give for bytes that are no text.
ODD = "aé\u0301가\u1100\u1161_.-+ /\\\udcff\0\u200d\u202e"
NAME = st.text(max_size=12) | st.text(ODD, max_size=12)


@pytest.mark.slow
@given(NAME)
@example("\u1100\u1161")
@example("_\u0301")
def test_any_name_becomes_one_that_is_safe_and_stays_itself(original):
    try:
        (name,) = domain_names([original]).values()
    except UserError:
        assert not any(character.isalnum() for character in unicodedata.normalize("NFC", original))
        return
    assert unicodedata.is_normalized("NFC", name)
    assert not set('/\\\0:*?"<>|\n\r ') & set(name) and name[0] not in ".-" and name[-1] != "."
    assert name.isprintable() and name.encode()
    assert domain_names([name]) == {name: name}
    for written in (original, name, *(unicodedata.normalize(form, name) for form in FORMS)):
        assert find_domain(written, [name]) == 0


@pytest.mark.slow
@given(st.lists(NAME, max_size=5, unique=True))
def test_any_names_are_told_apart_or_rejected(originals):
    try:
        names = domain_names(originals)
    except UserError:
        return
    assert list(names) == originals and len(set(names.values())) == len(originals)
    domains = list(names.values())
    for original in originals:
        assert find_domain(original, domains) == domains.index(names[original])
