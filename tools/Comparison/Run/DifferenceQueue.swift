/// Keys that were seen to differ. A difference may be a write that is still on its way, so a key is read again several
/// times before it is reported. Seconds are those of a clock that never goes backwards.
struct DifferenceQueue: Sendable {
    struct Settings: Sendable {
        /// Reads that have to show the same difference, one after the other.
        var checks = 5
        var intervalSeconds = 1.0
        /// A key that keeps changing is given up after this long.
        var patienceSeconds = 60.0
        /// Keys at which the search for more of them waits.
        var capacity = 10_000
        /// Keys that are different are repaired before they are reported.
        var repairs = false
    }

    enum Verdict: Equatable, Sendable {
        case again
        case equal
        case different
        /// It was written all the time, and no two reads were equal.
        case restless
        /// It is different, and the hub is to be asked to repair it.
        case toRepair
        /// It is equal after that.
        case repaired
    }

    private struct Entry {
        var states: [KeyState]
        /// Reads that showed just these states.
        var seen = 1
        var first: Double
        /// Infinite while it is being read.
        var due: Double
        /// The hub was asked to repair it, and has as long as patience allows.
        var awaitsRepair = false
    }

    let settings: Settings
    private var entries: [[UInt8]: Entry] = [:]

    init(settings: Settings) { self.settings = settings }

    var count: Int { entries.count }
    var isFull: Bool { entries.count >= settings.capacity }

    mutating func add(_ key: [UInt8], _ states: [KeyState], now: Double) {
        guard entries[key] == nil else { return }
        entries[key] = Entry(states: states, first: now, due: now + settings.intervalSeconds)
    }

    /// Keys that are to be read now.
    mutating func takeDue(now: Double, limit: Int) -> [[UInt8]] {
        let due = entries.lazy.filter { $0.value.due <= now }.prefix(limit).map(\.key)
        let keys = Array(due)
        for key in keys { entries[key]?.due = .infinity }
        return keys
    }

    /// A key that was due has been read.
    mutating func checked(_ key: [UInt8], _ states: [KeyState], tolerance: Int, now: Double) -> Verdict {
        guard var entry = entries[key] else { return .equal }
        if states.areEqual(tolerance: tolerance) {
            entries[key] = nil
            return entry.awaitsRepair ? .repaired : .equal
        }
        // Reading takes time, so an expiry may seem to move by a second.
        let isSame = zip(entry.states, states).allSatisfy { $0.matches($1, tolerance: 1) }
        entry.seen = isSame ? entry.seen + 1 : 1
        if entry.seen >= settings.checks && !entry.awaitsRepair || now - entry.first >= settings.patienceSeconds {
            let isDifferent = isSame && entry.seen >= settings.checks
            if isDifferent, settings.repairs, !entry.awaitsRepair {
                let due = now + settings.intervalSeconds
                entries[key] = Entry(states: states, first: now, due: due, awaitsRepair: true)
                return .toRepair
            }
            entries[key] = nil
            return isDifferent ? .different : .restless
        }
        entry.states = states
        entry.due = now + settings.intervalSeconds
        entries[key] = entry
        return .again
    }
}

extension [KeyState] {
    /// Whether all servers hold the same.
    func areEqual(tolerance: Int) -> Bool {
        dropFirst().allSatisfy { $0.matches(self[0], tolerance: tolerance) }
    }
}
