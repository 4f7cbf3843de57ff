internal import HubStore

/// The versions of recently written keys, in a bounded amount of memory.
///
/// Two generations of open-addressing tables. New and rewritten versions go into the young one; when it is full it
/// becomes the old one, and what the old one held is forgotten. A version is *settled*, and may be forgotten, once
/// every other source has been read past the place where it had that version: whatever comes from it then follows
/// (`design/convergence.md`, "Versions without an unbounded cache"). A generation that is forgotten before all of it
/// was settled is counted: conflicts among those keys are no longer seen.
struct VersionTable: Sendable {
    private var young: Generation
    private var old: Generation
    /// Versions that were forgotten although they were not settled.
    private(set) var forgottenUnsettled: UInt64 = 0

    /// - Parameter memoryBytes: what both generations together may take, at least 64 KiB.
    init(memoryBytes: Int) {
        let entries = max(1024, memoryBytes / 2 / MemoryLayout<Slot>.stride)
        // The largest power of two that fits, so that a hash becomes a place with one mask.
        let capacity = 1 << (Int.bitWidth - 1 - entries.leadingZeroBitCount)
        young = Generation(capacity: capacity)
        old = Generation(capacity: capacity)
    }

    var count: Int { young.count + old.count }
    var memoryBytes: Int { (young.capacity + old.capacity) * MemoryLayout<Slot>.stride }

    @inline(__always)
    func version(of hash: KeyHash) -> KeyVersion? {
        if young.count > 0, let version = young.version(of: hash) { return version }
        if old.count > 0 { return old.version(of: hash) }
        return nil
    }

    /// Brings the place of a key into the processor's cache. Many of these in a row cost little more than one, because
    /// none waits for another; the result only keeps the loads from being left out.
    @inline(__always)
    func touch(_ hash: KeyHash) -> UInt8 { young.touch(hash) &+ old.touch(hash) }

    /// - Parameter settled: every version that went out in a chunk up to here is settled.
    @inline(__always)
    mutating func set(_ version: KeyVersion, of hash: KeyHash, settled: ChunkSequence) {
        if young.isFull { turn(settled: settled) }
        young.set(version, of: hash)
    }

    /// Forgets what is settled, as far as whole generations allow. Called now and then.
    mutating func forget(settled: ChunkSequence) {
        if old.count > 0 && old.newest <= settled { old.clear() }
        if old.count == 0 && young.count > young.capacity / 16 { swap(&young, &old) }
    }

    private mutating func turn(settled: ChunkSequence) {
        if old.newest > settled { forgottenUnsettled += UInt64(old.count) }
        old.clear()
        swap(&young, &old)
    }

    struct Slot {
        var high: UInt64 = 0
        var low: UInt64 = 0
        var offset: UInt64 = 0
        var sequence: UInt64 = 0
        var seconds: UInt32 = 0
        var file: UInt32 = 0
        var source: UInt32 = 0
        var counter: UInt16 = 0
        var effect: UInt8 = 0
        var flags: UInt8 = 0
    }

    private struct Generation {
        /// All of it from the start: to allocate so much while records arrive would hold them up.
        private var slots: [Slot]
        let capacity: Int
        private(set) var count = 0
        private(set) var newest = ChunkSequence(0)

        /// A slot's flags are `echoed` and the round in which it was set. A slot of an earlier round is free, so that
        /// clearing, which must not hold up deliveries, is a matter of counting on.
        private var round: UInt8 = 1
        private static let lastRound: UInt8 = 127
        private static let echoed: UInt8 = 1

        /// In large pages, if the system has them: with small ones each access also waits for its page's entry.
        init(capacity: Int) {
            self.capacity = capacity
            slots = Array(unsafeUninitializedCapacity: capacity) { slots, count in
                ProcessMemory.preferLargePages(UnsafeMutableRawBufferPointer(slots))
                slots.initialize(repeating: Slot())
                count = capacity
            }
        }

        @inline(__always)
        private func isUsed(_ slot: Slot) -> Bool { slot.flags >> 1 == round }

        var isFull: Bool { count >= capacity / 4 * 3 }

        @inline(__always)
        func version(of hash: KeyHash) -> KeyVersion? {
            let slot = slots[place(of: hash)]
            guard isUsed(slot) else { return nil }
            guard let effect = KeyVersion.Effect(rawValue: slot.effect) else {
                preconditionFailure("effect \(slot.effect) in the version table")
            }
            return KeyVersion(
                seconds: slot.seconds, counter: slot.counter, effect: effect,
                wasEchoed: slot.flags & Self.echoed != 0, source: ServerID(slot.source), file: slot.file,
                offset: slot.offset, sequence: ChunkSequence(slot.sequence))
        }

        @inline(__always)
        mutating func set(_ version: KeyVersion, of hash: KeyHash) {
            let place = place(of: hash)
            if !isUsed(slots[place]) { count += 1 }
            slots[place] = Slot(
                high: hash.high, low: hash.low, offset: version.offset, sequence: version.sequence.rawValue,
                seconds: version.seconds, file: version.file, source: version.source.rawValue,
                counter: version.counter, effect: version.effect.rawValue,
                flags: round << 1 | (version.wasEchoed ? Self.echoed : 0))
            newest = max(newest, version.sequence)
        }

        /// A slot may lie in two lines of the cache: its hash is at one end, its flags are at the other.
        @inline(__always)
        func touch(_ hash: KeyHash) -> UInt8 {
            if count == 0 { return 0 }
            return slots.withUnsafeBufferPointer { slots in
                let place = Int(truncatingIfNeeded: hash.high) & (capacity - 1)
                return slots[place].flags &+ UInt8(truncatingIfNeeded: slots[place].low)
            }
        }

        mutating func clear() {
            if count == 0 { return }
            count = 0
            newest = ChunkSequence(0)
            round += 1
            if round > Self.lastRound {
                round = 1
                for place in slots.indices { slots[place].flags = 0 }
            }
        }

        /// Where the key is, or where it would go. The table is never full, so the walk ends.
        @inline(__always)
        private func place(of hash: KeyHash) -> Int {
            slots.withUnsafeBufferPointer { slots in
                var place = Int(truncatingIfNeeded: hash.high) & (capacity - 1)
                while slots[place].flags >> 1 == round {
                    if slots[place].high == hash.high && slots[place].low == hash.low { break }
                    place = (place + 1) & (capacity - 1)
                }
                return place
            }
        }
    }
}
