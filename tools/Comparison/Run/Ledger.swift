/// What the scans, the re-reads and the display share: keys in question, figures, and the pace.
actor Ledger {
    /// Figures of a comparison.
    struct Figures: Equatable, Sendable {
        /// Names that scans have passed, and that they will pass as far as the servers tell.
        var scanned = 0
        var total: Int?
        /// Keys whose values were compared.
        var compared = 0
        /// Keys that differed at first and were equal later.
        var settled = 0
        var inQuestion = 0
        var different = 0
        var restless = 0
        /// Keys that differed until the hub repaired them.
        var repaired = 0
        /// Keys of types that are not compared, by type.
        var uncompared: [String: Int] = [:]
    }

    let tolerance: Int
    private var queue: DifferenceQueue
    private var pace: Pace
    private var counts = Figures()
    private var openScans: Int
    /// Keys that were reported; a name of two types is met twice. As many as that, then some may be reported again.
    private var reported: Set<[UInt8]> = []
    private static let maximumReported = 10_000
    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant

    init(scans: Int, total: Int?, tolerance: Int, keysPerSecond: Double, queue: DifferenceQueue.Settings) {
        openScans = scans
        counts.total = total
        self.tolerance = tolerance
        self.queue = DifferenceQueue(settings: queue)
        pace = Pace(perSecond: keysPerSecond)
        start = clock.now
    }

    var figures: Figures {
        var figures = counts
        figures.inQuestion = queue.count
        return figures
    }

    private var now: Double { (clock.now - start) / .seconds(1) }

    // MARK: For the scans

    /// Returns when so many keys may be read, and there is room for those that differ.
    func admit(_ keys: Int) async throws {
        while queue.isFull { try await Task.sleep(for: .milliseconds(50)) }
        let wait = pace.take(keys, now: now)
        if wait > 0 { try await Task.sleep(for: .seconds(wait)) }
    }

    func scanned(_ names: Int) { counts.scanned += names }

    func scanEnded() { openScans -= 1 }

    /// - Parameter states: of every server.
    func compared(_ key: [UInt8], _ states: [KeyState]) {
        counts.compared += 1
        guard !states.areEqual(tolerance: tolerance), !reported.contains(key) else { return }
        queue.add(key, states, now: now)
    }

    func leftOut(_ type: String) { counts.uncompared[type, default: 0] += 1 }

    // MARK: For the re-reads

    /// Keys to read again; nil when there are none and there will be none.
    func due(limit: Int) -> [[UInt8]]? {
        openScans == 0 && queue.count == 0 ? nil : queue.takeDue(now: now, limit: limit)
    }

    func checked(_ key: [UInt8], _ states: [KeyState]) -> DifferenceQueue.Verdict {
        let verdict = queue.checked(key, states, tolerance: tolerance, now: now)
        if verdict == .different || verdict == .restless, reported.count < Self.maximumReported { reported.insert(key) }
        switch verdict {
        case .again, .toRepair: break
        case .repaired: counts.repaired += 1
        case .equal: counts.settled += 1
        case .different: counts.different += 1
        case .restless: counts.restless += 1
        }
        return verdict
    }
}

/// Spreads work evenly over time.
struct Pace: Sendable {
    /// 0 for without bound.
    let perSecond: Double
    private var free = 0.0

    init(perSecond: Double) { self.perSecond = perSecond }

    /// Books `count` pieces of work.
    /// - Returns: seconds to wait before they may begin.
    mutating func take(_ count: Int, now: Double) -> Double {
        guard perSecond > 0 else { return 0 }
        let begin = max(free, now)
        free = begin + Double(count) / perSecond
        return begin - now
    }
}
