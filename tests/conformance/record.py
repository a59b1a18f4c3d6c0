#!/usr/bin/env python3
"""The record: what the specification asks, and the tests that prove it.

    tests/conformance/record.py            docs/conformance.md, on standard output
    tests/conformance/record.py --missing  the rows without a test
    tests/conformance/record.py ID...      the tests that cite these rows

A test cites a row by its id: a bats test in its name, a unit test in the name of the case or in
a comment above or in its function. "M-02 to M-05" and "M-02..M-05" are all from one to the other.
"""

import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "tests", "lint"))
sys.dont_write_bytecode = True
from source import Source, tracked  # noqa: E402

LEVELS = {
    "M": "must", "N": "must not", "S": "should", "s": "should not", "Y": "may",
    "D": "described",
}  # fmt: skip
VERDICTS = ("implemented", "refused", "deviates", "not applicable")
# Whose rows are about texts and not about runtimes.
NOTES = "X"
ROWS = "tests/conformance/requirements"
PAGE = "docs/conformance.md"


class Row:
    def __init__(self, line, ident, level, subject):
        self.line, self.id, self.level, self.subject = line, ident, level, subject
        self.verdict, self.reason = "implemented", ""
        self.section = ident.split("-")[0]
        self.tests = []

    def wants_test(self):
        return self.section != NOTES and self.verdict != "not applicable"


class Record:
    """The rows, the tests on them, and what is wrong with either."""

    def __init__(self, top=TOP):
        self.top, self.rows, self.sections, self.wrong = top, {}, [], []
        self.read_rows()
        prefixes = "|".join(sorted((s for s, _ in self.sections), key=len, reverse=True))
        one = rf"\b(?P<{{}}>{prefixes})-(?P<{{}}>\d\d)(?![\w-])"
        self.one = re.compile(one.format("p", "n"))
        self.range = re.compile(
            one.format("p", "n").replace(r"(?![\w-])", "") + r"\s*(?:to|\.\.)\s*"
            r"(?:(?P<q>[A-Z]+)-)?(?P<m>\d\d)(?![\w-])")
        for path in tracked(top):
            if path.startswith("tests/") and path.endswith(".bats"):
                self.read_bats(path)
            elif path.startswith(("tests/unit/", "tests/fuzz/")) and path.endswith(".c"):
                self.read_unit(path)
            elif path.endswith((".c", ".h", ".am", ".bash")):
                self.read_other(path)

    def read_rows(self):
        row = None
        with open(os.path.join(self.top, ROWS), encoding="utf-8") as f:
            for i, text in enumerate(f.read().split("\n"), 1):
                if not text or text.startswith("#"):
                    continue
                if m := re.match(r"\[([A-Z]+)\] (\S.*)", text):
                    self.sections.append((m[1], m[2]))
                elif m := re.match(r"(([A-Z]+)-\d\d) ([MNSsYD]) (\S.*)", text):
                    last, row = row, Row(i, m[1], m[3], m[4])
                    if row.section != self.sections[-1][0]:
                        self.wrong.append(f"{ROWS}:{i}: {row.id} is not of this section")
                    elif last and last.section == row.section and last.id >= row.id:
                        self.wrong.append(f"{ROWS}:{i}: {row.id} is out of order")
                    self.rows[row.id] = row
                elif (m := re.match(r"\t([a-z ]+): (\S.*)", text)) and m[1] in VERDICTS[1:] and row:
                    row.verdict, row.reason = m[1], m[2]
                else:
                    self.wrong.append(f"{ROWS}:{i}: neither a section, a row nor a verdict")

    def ids(self, where, text):
        """Those that TEXT cites, in order, ranges in full."""
        found = {}
        for m in self.range.finditer(text):
            first, last = int(m["n"]), int(m["m"])
            if (m["q"] or m["p"]) != m["p"] or last <= first:
                self.wrong.append(f"{where}: '{m[0]}' is no range")
                continue
            for n in range(first, last + 1):
                found[f"{m['p']}-{n:02}"] = True
        for m in self.one.finditer(text):
            found[m[0]] = True
        for ident in list(found):
            if ident not in self.rows:
                self.wrong.append(f"{where}: no such row: {ident}")
                del found[ident]
        return list(found)

    def cite(self, ident, path, name):
        row = self.rows[ident]
        if (path, name) not in row.tests:
            row.tests.append((path, name))
        if row.verdict == "not applicable":
            self.wrong.append(f"{path}: '{name}' cites {ident}, which is not applicable")

    def read_bats(self, path):
        with open(os.path.join(self.top, path), encoding="utf-8") as f:
            for i, text in enumerate(f.read().split("\n"), 1):
                if m := re.match(r'@test "(.*)" \{$', text):
                    for ident in self.ids(f"{path}:{i}", m[1]):
                        self.cite(ident, path, m[1])
                else:
                    self.ids(f"{path}:{i}", text)

    def read_unit(self, path):
        s = Source(self.top, path)
        for i, text in enumerate(s.lines, 1):
            self.ids(f"{path}:{i}", text)
        bodies = {name: (line, n) for line, name, n in s.functions()}
        for table in re.finditer(r"struct unit_case \w+\[\] = \{(.*?)\n\};", s.text, re.DOTALL):
            for m in re.finditer(r'\{\s*((?:"(?:[^"\\]|\\.)*"\s*)+),\s*(\w+)\s*\}', table[1]):
                name = re.sub(r'"\s*"', "", m[1]).strip().strip('"').replace('\\"', '"')
                text = name + "\n" + self.comments(s, *bodies.get(m[2], (0, 0)))
                for ident in self.ids(path, text):
                    self.cite(ident, path, name)

    @staticmethod
    def comments(s, line, n):
        """Of a function whose body begins at LINE: above it, in its head and in the body."""
        if not line:
            return ""
        first = line - 1
        while first > 1 and s.lines[first - 1] and s.lines[first - 1][0] not in "}/# *":
            first -= 1
        if s.lines[first - 1].lstrip().startswith(("*", "/*")):
            while first > 1 and not s.lines[first - 1].startswith("/*"):
                first -= 1
        text = "\n".join(s.lines[first - 1 : line + n])
        return "\n".join(re.findall(r"/\*.*?\*/|//[^\n]*", text, re.DOTALL))

    def read_other(self, path):
        with open(os.path.join(self.top, path), encoding="utf-8") as f:
            for i, text in enumerate(f.read().split("\n"), 1):
                self.ids(f"{path}:{i}", text)

    def missing(self):
        return [r for r in self.rows.values() if r.wants_test() and not r.tests]

    def complaints(self):
        yield from dict.fromkeys(self.wrong)
        for row in self.missing():
            yield f"{ROWS}:{row.line}: no test cites {row.id}, {row.subject}"
        page = os.path.join(self.top, PAGE)
        have = ""
        if os.path.exists(page):
            with open(page, encoding="utf-8") as f:
                have = f.read()
        if have != self.page():
            yield f"{PAGE}: is stale: make docs"

    def page(self):
        count = dict.fromkeys(VERDICTS, 0)
        for row in self.rows.values():
            if row.section != NOTES:
                count[row.verdict] += 1
        out = [HEAD.format(total=sum(count.values()), **{k.replace(" ", "_"): v
                                                         for k, v in count.items()})]
        for section, title in self.sections:
            rows = [r for r in self.rows.values() if r.section == section]
            out.append(f"\n## {section}: {title}\n")
            if section == NOTES:
                out.append("| id | how hull reads it |\n|---|---|")
                out += [f"| {r.id} | {cell(r.subject)} |" for r in rows]
                continue
            out.append("| id | level | what | verdict | tests |\n|---|---|---|---|---|")
            for r in rows:
                verdict = r.verdict + (f": {r.reason}" if r.reason else "")
                tests = "<br>".join(self.link(t) for t in sorted(r.tests))
                out.append(f"| {r.id} | {LEVELS[r.level]} | {cell(r.subject)} | {cell(verdict)} "
                           f"| {tests} |")
        return "\n".join(out) + "\n"

    def link(self, test):
        path, name = test
        base = re.sub(r"\.(bats|c)$", "", os.path.basename(path))
        ident = rf"(?:{self.one.pattern.replace('?P<p>', '?:').replace('?P<n>', '?:')})"
        more = rf"{ident}(?:(?:,? | to |, | and |\.\.|; ){ident})*"
        name = re.sub(rf" \({more}\)$", "", name)
        name = re.sub(rf"^{more}:? ", "", name)
        name = re.sub(r"^" + re.escape(base) + ": ", "", name)
        return f"[{base}](../{path}): {cell(name)}"


def cell(text):
    return text.replace("|", r"\|").replace("<", "&lt;")


HEAD = """\
# Conformance

What the OCI runtime-spec 1.3 asks of a Linux runtime, in the numbering that comments and tests of
this tree use, and the tests that prove each row. Made by `make docs` from `tests/conformance/requirements`
and the ids that tests cite; a lint fails when a row has no test, when a test cites a row that does not exist,
and when this page is stale.

{total} rows: {implemented} implemented, {refused} refused (hull says that it does not do it),
{deviates} deviate (hull does otherwise, for the reason given), {not_applicable} not applicable."""


def main(args):
    record = Record()
    if args == ["--missing"]:
        for row in record.missing():
            print(f"{row.id}\t{row.subject}")
    elif args:
        for ident in args:
            row = record.rows[ident]
            print(f"{row.id} {row.subject} [{row.verdict}]")
            for path, name in row.tests:
                print(f"\t{path}: {name}")
    else:
        print(record.page(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
