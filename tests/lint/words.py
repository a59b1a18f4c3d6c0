"""Words and places that a public tree does not speak of.

They are kept as the first 12 digits of their SHA-256, so that this file does not speak of them
either: printf %s word | sha256sum | cut -c1-12
"""

import hashlib
import os
import re

WORDS = {
    "053ea4804ef1",
    "32e83e92d45d",
    "3ea125d0bff3",
    "487b91042c7c",
    "57de4cf40144",
    "5d72436256ad",
    "60965168ce76",
    "7d3194f79e64",
    "94a168d2da57",
    "a39a7ffad4a3",
    "ba20768a02ee",
    "c70eca6b0f88",
    "c857d09db23e",
    "d298391b0743",
    "de2187af3fb0",
    "eea82f53ecae",
    "f5cfcb570b7e",
}

# Legal only as a term of the kernel's: a keyring, setsid(2), a message bus, and the like.
TERMS = {
    "1225ae6c1ae6",
    "3f3af1ecebbd",
}
TERM_OF = re.compile(
    r"keyring|keyctl|_ses|setsid|getsid|\bsid\b|bus\b|terminal|tty|leader|login", re.I
)

# Directories and files, with their parents.
PLACES = {
    "2dfab3da975a",
    "bbb98a33b1e0",
    "bf529d5bdf18",
    "d762c14b393d",
    "d99f6c4cfd0d",
    "f2af6c097ab8",
}

# Where links may lead.
HOSTS = re.compile(
    r"(^|\.)(github\.com|githubusercontent\.com|opencontainers\.org|kernel\.org|debian\.org"
    r"|w3\.org|apache\.org|man7\.org|gnu\.org|freedesktop\.org|systemd\.io|lwn\.net|shellcheck\.net|llvm\.org"
    r"|example\.(com|org|net)|localhost|127\.0\.0\.1)$"
)


def digest(word):
    return hashlib.sha256(word.encode()).hexdigest()[:12]


def places(line):
    for path in re.findall(r"(?<![\w.])/[\w./-]+", line):
        parts = path.rstrip("./").split("/")
        for n in range(2, len(parts) + 1):
            yield "/".join(parts[:n])


def complaints(top, files):
    known = {}

    def is_in(word, table):
        if word not in known:
            known[word] = digest(word)
        return known[word] in table

    for f in files:
        with open(os.path.join(top, f), encoding="utf-8", errors="replace") as text:
            lines = text.read().split("\n")
        for i, line in enumerate([f, *lines]):
            for word in re.findall(r"[a-z]+", line.lower()):
                near = "\n".join(lines[max(0, i - 3) : i + 2])
                if is_in(word, WORDS) or (is_in(word, TERMS) and not TERM_OF.search(near)):
                    yield f"{f}:{i}: '{word}'"
            for place in places(line):
                if is_in(place, PLACES):
                    yield f"{f}:{i}: '{place}'"
            for host in re.findall(r"\bhttps?://([\w.-]+)", line):
                if not HOSTS.search(host.rstrip(".")):
                    yield f"{f}:{i}: a link to '{host}'"
