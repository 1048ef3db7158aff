"""Which numbers of a hub are there: a sorted list of spans `(first, last)` that do not touch."""


def merged(spans):
    """The same numbers in as few spans as possible."""
    result = []
    for first, last in sorted(spans):
        if result and first <= result[-1][1] + 1:
            result[-1] = (result[-1][0], max(result[-1][1], last))
        else:
            result.append((first, last))
    return result


def size(spans):
    """How many numbers there are."""
    return sum(last - first + 1 for first, last in spans)


def from_first(spans, first):
    """The part of the spans that begins with `first`."""
    return [(max(first, low), high) for low, high in spans if high >= first]


def contiguous(spans, first):
    """The highest number up to which none is missing from `first` on; `first - 1` for none."""
    spans = from_first(spans, first)
    return spans[0][1] if spans and spans[0][0] == first else first - 1


def gaps(spans, first):
    """The spans that are missing below the highest number."""
    missing = []
    expected = first
    for low, high in from_first(spans, first):
        if low > expected:
            missing.append((expected, low - 1))
        expected = high + 1
    return missing
