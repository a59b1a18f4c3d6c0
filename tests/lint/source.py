"""C sources as the rules see them: without comments and strings, cut into functions and calls."""

import bisect
import fnmatch
import os
import re
import subprocess


def command(*argv, **kwargs):
    kwargs.setdefault("stderr", subprocess.PIPE)
    return subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True, **kwargs).stdout


def ignored(top):
    """A function that says of a path what .gitignore says: enough of its rules for ours."""
    rows = []
    with open(os.path.join(top, ".gitignore"), encoding="utf-8") as f:
        for line in f.read().split():
            keep, line = line.startswith("!"), line.lstrip("!")
            rows.append((keep, line.strip("/"), "/" in line.rstrip("/")))

    def check(path):
        result = False
        for keep, pattern, whole in rows:
            if fnmatch.fnmatch(path if whole else os.path.basename(path), pattern):
                result = not keep
        return result

    return check


def tracked(top):
    """Files of the tree: what git knows or would take; without git, what it would not ignore."""
    try:
        names = command("git", "-c", "safe.directory=*", "-C", top, "ls-files", "-z", "-co",
                        "--exclude-standard", stderr=subprocess.DEVNULL).split("\0")  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        names, ignore = [], ignored(top)
        for root, dirs, files in os.walk(top):
            below = os.path.relpath(root, top)
            path = lambda name: os.path.normpath(os.path.join(below, name))  # noqa: E731
            dirs[:] = [d for d in dirs if d not in (".git", "__pycache__") and not ignore(path(d))]
            names += [path(f) for f in files if not ignore(path(f))]
    return sorted(n for n in names if n not in ("", ".git") and os.path.isfile(os.path.join(top, n)))


TOKEN = re.compile(
    r"""/\*.*?\*/ | //[^\n]* | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'""",
    re.DOTALL | re.VERBOSE,
)


def blank(match):
    """Same length, same lines, nothing in it; the quotes of a string stay."""
    text = match[0]
    inner = re.sub(r"[^\n]", " ", text)
    return text[0] + inner[1:-1] + text[0] if text[0] in "\"'" else inner


class Source:
    def __init__(self, top, path):
        self.path = path
        with open(os.path.join(top, path), encoding="utf-8") as f:
            self.text = f.read()
        self.lines = self.text.split("\n")
        if self.lines[-1] == "":
            self.lines.pop()
        self.code = TOKEN.sub(blank, self.text)
        self.starts = [0] + [m.end() for m in re.finditer("\n", self.code)]

    def line_of(self, offset):
        return bisect.bisect_right(self.starts, offset)

    def includes(self):
        for i, text in enumerate(self.lines, 1):
            m = re.match(r'\s*#\s*include\s*"([^"]+)"', text)
            if m and m[1] != "config.h":
                yield i, m[1]

    def functions(self):
        """(line, name, lines of the body): with our style a body is between { and } in column 0."""
        start, head = None, ""
        for i, text in enumerate(self.code.split("\n"), 1):
            if text.rstrip() == "{":
                m = re.findall(r"(\w+)\(", head)
                start, name = i, m[0] if m else "?"
            elif text.startswith("}") and start:
                yield start, name, i - start - 1
                start = None
            if re.match(r"\w", text):
                head = text

    def words(self, names):
        found = []
        for m in re.finditer(r"\b(" + "|".join(names) + r")\b", self.code):
            found.append((self.line_of(m.start()), m[0]))
        return found

    def calls(self, names):
        """(line, name, arguments) of each call. A member is none, nor is a declaration, which
        begins in column 0."""
        for m in re.finditer(r"(?<![\w.>])(" + "|".join(names) + r")\(", self.code):
            depth, end = 1, m.end()
            while depth and end < len(self.code):
                depth += {"(": 1, ")": -1}.get(self.code[end], 0)
                end += 1
            if self.code[self.starts[self.line_of(m.start()) - 1]].isalpha():
                continue
            args = " ".join(self.code[m.end() : end - 1].split())
            yield self.line_of(m.start()), m[1], args

    def raw_args(self, line, args):
        """The call's line and the next ones with its strings in place."""
        text = " ".join(" ".join(self.lines[line - 1 : line + 2]).split())
        return text.split(";")[0].rstrip(") ") if args is not None else text
