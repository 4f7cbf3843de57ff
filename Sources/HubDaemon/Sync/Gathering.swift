/// How much has to arrive on a binlog connection before the kernel wakes the hub: at some ten thousand records a second
/// most of a processor's time would go into being woken for each. Bytes gather for `seconds` at the pace of the last
/// tick, as in a network card that moderates its interrupts; the kernel counts them, so that no timer is needed for it.
///
/// What stays below the mark when the source falls silent is let in by `isStill`, `checkMilliseconds` later, or twice that.
struct Gathering {
    /// For how long bytes may gather. At 10,000 records a second this takes a third off the processor time.
    static let seconds = 0.000_15
    /// Below this many reads a second there is nothing to gain.
    static let busyReads = 2000.0
    /// Above this many bytes a second every read brings many records as it is.
    static let fastBytes = 50e6
    static let checkMilliseconds: Int64 = 2

    /// SO_RCVLOWAT of the connection, in bytes; 1: none.
    private(set) var mark = 1
    private var bytes = 0
    private var reads = 0
    private var wasStill = false

    mutating func read(_ count: Int) {
        bytes += count
        reads += 1
        wasStill = false
    }

    /// - Parameter elapsed: since the last tick, in seconds.
    /// - Returns: whether `mark` has changed.
    mutating func tick(elapsed: Double) -> Bool {
        let pace = Double(bytes) / elapsed
        // While bytes gather there are fewer reads, about one in each span.
        let isBusy = Double(reads) / elapsed >= (mark > 1 ? Self.busyReads / 2 : Self.busyReads)
        let new = isBusy && pace < Self.fastBytes ? max(1, Int(pace * Self.seconds)) : 1
        (bytes, reads) = (0, 0)
        // A pace that only wavers is not worth a system call.
        guard abs(new - mark) > mark / 4 else { return false }
        mark = new
        return true
    }

    /// Asked every `checkMilliseconds` while bytes gather.
    /// - Returns: whether nothing was read since the last time. Then `mark` is 1 again.
    mutating func isStill() -> Bool {
        defer { wasStill = true }
        guard wasStill else { return false }
        mark = 1
        return true
    }
}
