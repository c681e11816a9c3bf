"""What every summary must be: one to three plain sentences, right in number and grammar, with no number that is not in the
data and no text from an attacker's hand.

A number of the summary stands in the data if a number there equals it (signs and ".0" aside), if a list there has that many
items, or if it is part of an id, a date or an e-mail address that stands there as it is."""

import re

LENGTH_MAX = 600

EMAIL = re.compile(r"(?<![\w.%+@-])[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+")
ID = re.compile(r"\b(?:inc|req|evt|key|whe|org|app|rec|det)_[0-9A-Za-z]+\b")
TIME = re.compile(r"\b\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\dZ)?\b")
NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w])")
NOUNS = ("user", "incident", "detection", "event", "tool", "day", "hour", "rule", "key", "endpoint", "entry", "app", "contact",
         "duplicate", "delivery", "row", "scope", "grant", "result", "question", "minute", "point", "anomaly")
PLURALS = {"entry": "entries", "delivery": "deliveries", "anomaly": "anomalies"}
NAMED = re.compile(r"(?<![\w.])(\d+)((?: [A-Za-z-]+){0,3}?) (%s)\b(?=[.,;:)]| (?:in|with|by|of|and|at|are|is|or|was|were|that|from)\b|$)" %
                   "|".join(sorted((word for noun in NOUNS for word in (noun, PLURALS.get(noun, noun + "s"))), key=len, reverse=True)))


def leaves(value, path=""):
    """(path, leaf) of everything in a JSON value; items of arrays share the path that ends in []."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield from leaves(member, "%s.%s" % (path, name) if path else name)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item, path + "[]")
    else:
        yield path, value


def lengths(value):
    if isinstance(value, list):
        yield len(value)
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from lengths(item)


def sentences(text):
    return [s for s in re.split(r"(?<=[.!?])\s+", text) if s]


def grammar_mistakes(text):
    for number, _, noun in NAMED.findall(text):
        is_plural = noun in PLURALS.values() or (noun.endswith("s") and noun not in NOUNS)
        if is_plural == (number == "1"):
            yield "%s ... %s" % (number, noun)


def unknown_numbers(text, data):
    texts = {leaf for _, leaf in leaves(data) if isinstance(leaf, str)}
    known = {abs(float(leaf)) for _, leaf in leaves(data) if isinstance(leaf, (int, float)) and not isinstance(leaf, bool)}
    known.update(map(float, lengths(data)))
    for pattern in (EMAIL, ID, TIME):
        for found in pattern.findall(text):
            if not any(found.lower() in t.lower() for t in texts):
                yield found
        text = pattern.sub(" ", text)
    for number in NUMBER.findall(text):
        if float(number) not in known:
            yield number


def untrusted_texts(answer):
    paths = set(answer["meta"].get("untrusted_fields", ()))
    for path, leaf in leaves({"data": answer["data"]}):
        if path in paths and isinstance(leaf, str):
            yield path, leaf


def mistakes(answer):
    """What is wrong with the summary of a successful answer; an empty list if nothing is."""
    text, data = answer["summary"], answer["data"]
    found = []
    if not isinstance(text, str) or not text:
        return ["there is none"]
    if len(text) > LENGTH_MAX:
        found.append("it has %d characters" % len(text))
    if not re.fullmatch(r"[ -~]+", text):
        found.append("it is not plain ASCII")
    if re.search(r"[<>`*\\]|https?:|\]\(|  ", text):
        found.append("it holds markup, an address of the web or double spaces")
    if not 1 <= len(sentences(text)) <= 3:
        found.append("it has %d sentences" % len(sentences(text)))
    if not text.endswith("."):
        found.append("it does not end with a full stop")
    found += ["%s is wrong in number" % words for words in grammar_mistakes(text)]
    found += ["%s is not in the data" % number for number in unknown_numbers(text, data)]
    # Short texts and single words ("open", "critical") are ours too; parts of ids and addresses are judged above.
    words = ID.sub(" ", EMAIL.sub(" ", text)).lower()
    found += ["it holds the text of %s: %.40r" % (path, leaf) for path, leaf in untrusted_texts(answer)
              if len(leaf) >= 8 and leaf.lower() in words and not re.fullmatch("[A-Za-z]+", leaf)]
    return found


def check(method, path, answer):
    """Raises if the body of a successful answer has an envelope and its summary is wrong."""
    if not isinstance(answer, dict) or not {"summary", "data", "meta"} <= set(answer):
        return
    found = mistakes(answer)
    if found:
        raise AssertionError("summary of %s %s: %s\n%s" % (method, path, "; ".join(found), answer["summary"]))
