import HubStore

/// The log as the core sees it: what is on disk, and the tail that is not there yet.
struct LogView {
    let storage: any LogStorage
    /// Entries that are not persisted. The first one replaces everything on disk from its index on.
    private(set) var unstable: [Entry] = []
    /// A snapshot that is not persisted; it replaces the whole log on disk.
    private(set) var installing: Snapshot?

    init(storage: any LogStorage) { self.storage = storage }

    var baseIndex: LogIndex { installing?.metadata.index ?? storage.base.index }
    var lastIndex: LogIndex { unstable.last?.index ?? installing?.metadata.index ?? storage.lastIndex }
    var lastTerm: Term { term(at: lastIndex) ?? .zero }
    /// The last entry that is on disk and not about to be replaced.
    var stableIndex: LogIndex {
        if installing != nil { return .zero }
        return unstable.first?.index.previous ?? storage.lastIndex
    }

    /// The term of an entry, or of the one just before the log; nil outside.
    func term(at index: LogIndex) -> Term? {
        if let first = unstable.first, index >= first.index {
            let place = first.index.distance(to: index)
            return place < unstable.count ? unstable[place].term : nil
        }
        guard let installing else { return storage.term(at: index) }
        return installing.metadata.index == index ? installing.metadata.term : nil
    }

    /// See `LogStorage.entries`; an answer may end where the unpersisted tail begins.
    func entries(from first: LogIndex, through last: LogIndex, maximumCost: Int) throws(StoreError) -> [Entry] {
        precondition(first > baseIndex && first <= last && last <= lastIndex, "no entries \(first)–\(last) in the log")
        guard let unstableFirst = unstable.first?.index, last >= unstableFirst else {
            return try storage.entries(from: first, through: last, maximumCost: maximumCost)
        }
        if first < unstableFirst {
            return try storage.entries(from: first, through: unstableFirst.previous, maximumCost: maximumCost)
        }
        let start = unstableFirst.distance(to: first)
        let end = unstableFirst.distance(to: last) + 1
        var cost = unstable[start].cost
        var stop = start + 1
        while stop < end {
            cost += unstable[stop].cost
            if cost > maximumCost { break }
            stop += 1
        }
        return Array(unstable[start..<stop])
    }

    /// The largest index up to `index` whose term is at most `term`: where two logs may agree again. Skips whole
    /// terms per exchange instead of one entry (Raft paper, end of section 5.3).
    func lastIndex(upTo index: LogIndex, withTermAtMost term: Term) -> (index: LogIndex, term: Term) {
        var candidate = min(index, lastIndex)
        while candidate > baseIndex, let found = self.term(at: candidate), found > term {
            candidate = candidate.previous
        }
        return (candidate, self.term(at: candidate) ?? .zero)
    }

    /// True when a log with this end holds everything that this one may have committed (Raft paper, section 5.4.1).
    func isCovered(byLastIndex index: LogIndex, lastTerm term: Term) -> Bool {
        (term.rawValue, index.rawValue) >= (lastTerm.rawValue, lastIndex.rawValue)
    }

    mutating func append(_ entry: Entry) {
        precondition(entry.index == lastIndex.next, "entry \(entry.index) after \(lastIndex)")
        unstable.append(entry)
    }

    /// Cuts the log off from `index` on. `index` must follow an entry, or the base.
    mutating func replaceTail(from index: LogIndex, with entries: ArraySlice<Entry>) {
        precondition(index > baseIndex && index <= lastIndex.next, "cutting at \(index) in \(baseIndex)–\(lastIndex)")
        if let first = unstable.first?.index, first < index {
            unstable.removeSubrange(first.distance(to: index)...)
        } else {
            unstable.removeAll(keepingCapacity: true)
        }
        unstable.append(contentsOf: entries)
    }

    mutating func install(_ snapshot: Snapshot) {
        unstable.removeAll()
        installing = snapshot
    }

    /// The driver has persisted everything.
    mutating func stabilise() {
        unstable.removeAll(keepingCapacity: true)
        installing = nil
    }
}
