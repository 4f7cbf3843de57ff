/// The newest entries of the log, in memory, so that followers that keep up and the state machine cost no disk read.
struct RecentEntries {
    private var entries: [Entry] = []
    private var cost = 0
    /// At this cost the older half is dropped.
    private let maximumCost = 8 << 20

    mutating func append(_ entry: Entry) {
        entries.append(entry)
        cost += entry.cost
        if cost > maximumCost { drop(first: (entries.count + 1) / 2) }
    }

    mutating func truncate(from index: LogIndex) {
        while let last = entries.last, last.index >= index {
            cost -= last.cost
            entries.removeLast()
        }
    }

    mutating func compact(through index: LogIndex) {
        guard let first = entries.first?.index, first <= index else { return }
        drop(first: min(entries.count, first.distance(to: index) + 1))
    }

    private mutating func drop(first count: Int) {
        for entry in entries[..<count] { cost -= entry.cost }
        entries.removeFirst(count)
    }

    /// Nil when `first` is not among them.
    func entries(from first: LogIndex, through last: LogIndex, maximumCost: Int) -> [Entry]? {
        guard let start = entries.first?.index, first >= start, let end = entries.last?.index, last <= end else {
            return nil
        }
        let place = start.distance(to: first)
        let limit = start.distance(to: last)
        var stop = place + 1
        var cost = entries[place].cost
        while stop <= limit {
            cost += entries[stop].cost
            if cost > maximumCost { break }
            stop += 1
        }
        return Array(entries[place..<stop])
    }
}
