/// Members with scores, in the order score, then member. As in the original, the order and everything that is read in
/// order know only five decimals of a score.
package struct SortedSet {
    /// The greatest absolute value of a score.
    static let scoreLimit = 1e13

    struct Element: Comparable {
        var score: Double
        var member: Bytes

        static func < (left: Element, right: Element) -> Bool {
            left.score != right.score
                ? left.score < right.score : left.member.lexicographicallyPrecedes(right.member)
        }
    }

    private(set) var ordered: [Element] = []
    package private(set) var scores: [Bytes: Double] = [:]

    var count: Int { ordered.count }

    /// True when the member is new.
    @discardableResult
    mutating func set(_ member: Bytes, to score: Double) -> Bool {
        let isNew = !remove(member)
        let element = element(score, member)
        ordered.insert(element, at: firstIndex(notBefore: element))
        scores[member] = score
        return isNew
    }

    @discardableResult
    mutating func remove(_ member: Bytes) -> Bool {
        guard let score = scores.removeValue(forKey: member) else { return false }
        ordered.remove(at: firstIndex(notBefore: element(score, member)))
        return true
    }

    func rank(of member: Bytes) -> Int? {
        scores[member].map { firstIndex(notBefore: element($0, member)) }
    }

    private func element(_ score: Double, _ member: Bytes) -> Element {
        Element(score: (score * 100_000).rounded() / 100_000, member: member)
    }

    private func firstIndex(notBefore element: Element) -> Int {
        var low = 0
        var high = ordered.count
        while low < high {
            let middle = (low + high) / 2
            if ordered[middle] < element { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
