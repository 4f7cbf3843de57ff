/// Keys in the order in which they are due: a binary heap. Keys of the same moment come in the order in which they were
/// put in, so what follows from it does not depend on the order of a dictionary.
struct DueQueue: Sendable {
    private struct Item {
        var due: Double
        var order: UInt64
        var hash: KeyHash
    }

    private var items: [Item] = []
    private var order: UInt64 = 0

    mutating func add(_ hash: KeyHash, due: Double) {
        order += 1
        items.append(Item(due: due, order: order, hash: hash))
        var index = items.count - 1
        while index > 0, isBefore(index, (index - 1) / 2) {
            items.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    /// The next key that is due by `now`.
    mutating func take(now: Double) -> KeyHash? {
        guard let first = items.first, first.due <= now else { return nil }
        items.swapAt(0, items.count - 1)
        items.removeLast()
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < items.count && isBefore(child, least) {
                least = child
            }
            if least == index { return first.hash }
            items.swapAt(index, least)
            index = least
        }
    }

    private func isBefore(_ left: Int, _ right: Int) -> Bool {
        (items[left].due, items[left].order) < (items[right].due, items[right].order)
    }
}
