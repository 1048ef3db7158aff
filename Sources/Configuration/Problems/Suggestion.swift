/// Finds what somebody may have meant by a word that is not known.
enum Suggestion {
    /// Beyond this many words to choose from, looking costs more than it helps.
    private static let maximumWords = 1_000

    /// The nearest of the known words, when it is near enough to be meant.
    ///
    /// Near enough: a third of the letters may be wrong, but at most three.
    static func nearest(to word: String, in known: some Collection<String>) -> String? {
        guard known.count <= maximumWords else { return nil }
        let letters = Array(word.lowercased().unicodeScalars.prefix(64))
        var best: (word: String, distance: Int)?
        for candidate in known {
            let other = Array(candidate.lowercased().unicodeScalars.prefix(64))
            let limit = min(3, max(1, max(letters.count, other.count) / 3))
            guard abs(letters.count - other.count) <= limit else { continue }
            let distance = distance(letters, other, limit)
            guard distance <= limit else { continue }
            // Of two as near, the first in the alphabet, whatever their order here.
            if let best, (best.distance, best.word) <= (distance, candidate) { continue }
            best = (candidate, distance)
        }
        return best?.word
    }

    /// ` (did you mean "word"?)`, or nothing.
    static func question(_ word: String, _ known: some Collection<String>) -> String {
        nearest(to: word, in: known).map { " (did you mean \"\($0)\"?)" } ?? ""
    }

    /// How many letters must be added, dropped, changed or swapped with their neighbour.
    ///
    /// Exact up to the limit, more than it beyond: words further apart than the limit are not
    /// compared where they could only meet at a higher price.
    private static func distance(
        _ left: [Unicode.Scalar], _ right: [Unicode.Scalar], _ limit: Int
    ) -> Int {
        var before: [Int] = []
        var last = Array(0...right.count)
        for (row, letter) in left.enumerated() {
            var current = [Int](repeating: limit + 1, count: right.count + 1)
            current[0] = row + 1
            let band = min(right.count, max(0, row - limit))..<min(right.count, row + limit + 1)
            for column in band {
                let other = right[column]
                var cost = min(
                    last[column + 1] + 1, current[column] + 1,
                    last[column] + (letter == other ? 0 : 1))
                if row > 0, column > 0, letter == right[column - 1], left[row - 1] == other {
                    cost = min(cost, before[column - 1] + 1)
                }
                current[column + 1] = cost
            }
            before = last
            last = current
        }
        return last[right.count]
    }
}
