internal import HubStore

/// What holds for every version of some generations: enough to tell that none of them matters to a write.
struct VersionFacts: Equatable, Sendable {
    private var newest = ChunkSequence(0)
    private var seconds: UInt32 = 0
    private var sources: ClosedRange<Int>?
    private var isCovered = false
    private var place = BinlogPosition(file: 0, offset: 0)

    /// Writes of whole values that one server made, one after the other.
    struct Writes: Equatable, Sendable {
        /// Of the first of them.
        var place: BinlogPosition
        /// The earliest exec_time.
        var seconds: UInt32
        /// All of them follow what went out up to here.
        var followed: ChunkSequence
    }

    /// Takes in a generation.
    mutating func add(_ slots: UnsafeBufferPointer<VersionSlot>, of round: UInt8) {
        var (newest, seconds, place, isCovered) = (newest, seconds, place, isCovered)
        var (lowest, highest) = (sources?.lowerBound ?? .max, sources?.upperBound ?? .min)
        for slot in slots where slot.round == round {
            newest = max(newest, slot.sequence)
            seconds = max(seconds, slot.seconds)
            place = max(place, slot.place)
            isCovered = isCovered || slot.mayBeCovered
            lowest = min(lowest, slot.source)
            highest = max(highest, slot.source)
        }
        (self.newest, self.seconds, self.place, self.isCovered) = (newest, seconds, place, isCovered)
        if lowest <= highest { sources = lowest...highest }
    }

    func union(_ other: VersionFacts) -> VersionFacts {
        var sum = self
        sum.newest = max(newest, other.newest)
        sum.seconds = max(seconds, other.seconds)
        sum.place = max(place, other.place)
        sum.isCovered = isCovered || other.isCovered
        if let more = other.sources {
            sum.sources =
                sources.map {
                    min($0.lowerBound, more.lowerBound)...max($0.upperBound, more.upperBound)
                } ?? more
        }
        return sum
    }

    func isSettled(through settled: ChunkSequence) -> Bool { newest <= settled }

    /// Whether each of `writes` is decided, and leaves the version, that it would without any of these: all are of an
    /// earlier second, so that none raises its time, and either it follows them all or they are its own server's, were
    /// not covered and lie before it (`WriteDecision`).
    ///
    /// - Parameter source: the writing server's number in the table.
    func cannotMatter(to writes: Writes, by source: Int) -> Bool {
        guard seconds < writes.seconds else { return false }
        if newest <= writes.followed { return true }
        return sources == source...source && !isCovered && place < writes.place
    }
}
