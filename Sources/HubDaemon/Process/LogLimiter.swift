/// Bounds how often messages of one kind are logged, so that a flapping link doesn't fill the disk. Pure.
struct LogLimiter: Sendable {
    /// Messages of one kind within one period; the rest of the period's are counted instead of written.
    static let messagesPerPeriod = 20
    static let periodMicroseconds = 10_000_000
    /// Kinds stand in the source, so there are few; should there ever be more, all begin anew.
    static let maximumKinds = 4096

    private struct Period {
        var began: Int
        var written = 0
        var suppressed = 0
        /// Since the start.
        var total = 0
    }

    private var periods: [String: Period] = [:]
    /// Messages that were not written.
    private(set) var suppressedCount = 0
    /// Messages so far, by kind.
    var counts: [String: Int] { periods.mapValues(\.total) }

    /// Whether to write a message of this kind now.
    ///
    /// - Returns: nil to suppress it; otherwise how many of its kind were suppressed since the last that was written.
    mutating func admit(_ kind: String, unixMicroseconds now: Int) -> Int? {
        if periods.count >= Self.maximumKinds, periods[kind] == nil { periods = [:] }
        var period = periods[kind] ?? Period(began: now)
        period.total += 1
        defer { periods[kind] = period }
        let isOver = now < period.began || now - period.began >= Self.periodMicroseconds
        if isOver {
            let suppressed = period.suppressed
            period = Period(began: now, written: 1, total: period.total)
            return suppressed
        }
        guard period.written < Self.messagesPerPeriod else {
            period.suppressed += 1
            suppressedCount += 1
            return nil
        }
        period.written += 1
        return 0
    }
}
