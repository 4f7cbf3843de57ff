internal import HubStore

/// The versions of recently written keys: in memory up to a bound, beyond it in the overflow.
///
/// Generations. New and rewritten versions go into the young one; when it is full it becomes the old one, and what the
/// old one held goes to the overflow. A version is *settled*, and is forgotten, once every other source has been read
/// past the place where it had that version: whatever comes from it then follows (`design/convergence.md`, "Versions
/// without an unbounded cache"). A generation goes when all of it is settled.
struct VersionTable: Sendable {
    private var young: VersionGeneration
    private var old: VersionGeneration
    private var overflow: VersionOverflow
    /// A slot has no room for an id.
    private var sources: [Source] = []

    private struct Source {
        let id: ServerID
        /// Its binlog has begun anew: every place in the new one comes after all of its earlier ones.
        var isOver = false
    }

    /// - Parameter memoryBytes: what it may take, at least 16 KiB. Up to a twelfth of it is for the two generations, as much
    ///   and half more for those on their way to the overflow, an eighth for the overflow's own buffers
    ///   (`storageBytes`); the rest tells what is there.
    init(memoryBytes: Int, overflow storage: any OverflowStorage) {
        let places = max(8, memoryBytes / 24 / MemoryLayout<VersionSlot>.stride)
        let capacity = 1 << (Int.bitWidth - 1 - places.leadingZeroBitCount)
        young = VersionGeneration(capacity: capacity)
        old = VersionGeneration(capacity: capacity)
        let bytes = capacity * MemoryLayout<VersionSlot>.stride
        overflow = VersionOverflow(
            capacity: capacity,
            filterBytes: max(
                0, memoryBytes - Self.storageBytes(of: memoryBytes) - (2 + VersionOverflow.maximumGenerations) * bytes),
            storage: storage)
    }

    /// What of `memoryBytes` is for the buffers of the overflow's storage.
    static func storageBytes(of memoryBytes: Int) -> Int { memoryBytes / 8 }

    var count: Int { young.count + old.count + overflow.count }
    var memoryBytes: Int { 2 * young.memoryBytes + overflow.generationBytes + overflow.filterBytes }
    /// Of `count`, those that are not in memory.
    var overflowCount: Int { overflow.count }
    var overflowBytes: Int { overflow.storedBytes }
    /// Versions that were forgotten because the overflow could not be written or read. Some may have been settled.
    var forgottenUnsettled: UInt64 { overflow.forgotten }

    /// What was wrong with the overflow last, once.
    mutating func takeFailure() -> StoreError? {
        defer { overflow.failure = nil }
        return overflow.failure
    }

    /// How far back versions matter to some writes.
    struct Reach: Equatable, Sendable {
        fileprivate var first: UInt64
        static let everything = Reach(first: 0)
    }

    /// - Parameters:
    ///   - writes: whole values that `source` wrote, to be decided now, in this order, each about the version that
    ///     `version(of:within:)` gives.
    mutating func reach(of writes: VersionFacts.Writes, by source: ServerID) -> Reach {
        Reach(first: overflow.firstThatMatters(to: writes, by: number(of: source)))
    }

    var hasOverflow: Bool { overflow.count > 0 }

    @inline(__always)
    mutating func version(of hash: KeyHash, within reach: Reach = .everything) -> KeyVersion? {
        var slot = young.count > 0 ? young.slot(of: hash) : nil
        if slot == nil && old.count > 0 { slot = old.slot(of: hash) }
        if slot == nil && hasOverflow && reach.first < overflow.nextOrdinal {
            slot = overflow.slot(of: hash, from: reach.first, sources: sources.count)
        }
        guard let slot else { return nil }
        var version = slot.version(of: sources[slot.source].id)
        if sources[slot.source].isOver { (version.file, version.offset) = (0, 0) }
        return version
    }

    @inline(__always)
    private mutating func number(of source: ServerID) -> Int {
        for index in sources.indices where sources[index].id == source && !sources[index].isOver { return index }
        return newNumber(of: source)
    }

    /// A group has 256 servers at most. Should more ids than a slot can tell apart be added and dropped in one term, the
    /// last ones share a number, and with it the names of winners.
    private mutating func newNumber(of source: ServerID) -> Int {
        if sources.count == VersionSlot.maximumSources { sources.removeLast() }
        sources.append(Source(id: source))
        return sources.count - 1
    }

    /// The source begins a new binlog.
    mutating func startOver(_ source: ServerID) { sources[number(of: source)].isOver = true }

    /// Brings the place of a key into the processor's cache. Many of these in a row cost little more than one, because
    /// none waits for another; the result only keeps the loads from being left out.
    @inline(__always)
    func touch(_ hash: KeyHash) -> UInt8 {
        let touched = young.touch(hash) &+ old.touch(hash)
        return hasOverflow ? touched &+ overflow.touch(hash) : touched
    }

    /// - Parameter settled: every version that went out in a chunk up to here is settled.
    @inline(__always)
    mutating func set(_ version: KeyVersion, of hash: KeyHash, settled: ChunkSequence) {
        if young.isFull { turn(settled: settled) }
        young.set(VersionSlot(version, of: hash, source: number(of: version.source)), of: hash)
    }

    /// Forgets what is settled, as far as whole generations allow. Called now and then.
    mutating func forget(settled: ChunkSequence) {
        overflow.forget(settled: settled)
        // In the order in which they came: an older version must not come to light again.
        if old.count > 0 && old.newest <= settled && !hasOverflow { old.clear() }
        if old.count == 0 && young.count > young.capacity / 16 { swap(&young, &old) }
    }

    private mutating func turn(settled: ChunkSequence) {
        if old.newest > settled || hasOverflow { old = overflow.exchange(old) } else { old.clear() }
        swap(&young, &old)
    }
}
