internal import HubStore

/// Versions that came at about the same time, in an open-addressing table.
struct VersionGeneration: Sendable {
    /// All of it from the start: to allocate so much while records arrive would hold them up.
    private var slots: [VersionSlot]
    let capacity: Int
    private(set) var count = 0
    private(set) var newest = ChunkSequence(0)

    /// A slot of an earlier round is free, so that clearing, which must not hold up deliveries, is a matter of counting
    /// on.
    private(set) var round: UInt8 = 1

    var memoryBytes: Int { capacity * MemoryLayout<VersionSlot>.stride }

    /// Versions that fit into `capacity` places.
    static func limit(_ capacity: Int) -> Int { capacity / 4 * 3 }
    var isFull: Bool { count >= Self.limit(capacity) }

    /// In large pages, if the system has them: with small ones each access also waits for its page's entry.
    ///
    /// - Parameter capacity: a power of two, so that a hash becomes a place with one mask.
    init(capacity: Int) {
        self.capacity = capacity
        slots = Array(unsafeUninitializedCapacity: capacity) { slots, count in
            ProcessMemory.preferLargePages(UnsafeMutableRawBufferPointer(slots))
            slots.initialize(repeating: VersionSlot())
            count = capacity
        }
    }

    @inline(__always)
    func slot(of hash: KeyHash) -> VersionSlot? {
        let slot = slots[place(of: hash)]
        return slot.round == round ? slot : nil
    }

    @inline(__always)
    mutating func set(_ slot: VersionSlot, of hash: KeyHash) {
        let place = place(of: hash)
        if slots[place].round != round { count += 1 }
        slots[place] = slot.inRound(round)
        newest = max(newest, slot.sequence)
    }

    @inline(__always)
    func touch(_ hash: KeyHash) -> UInt8 {
        if count == 0 { return 0 }
        return slots.withUnsafeBufferPointer { slots in
            UInt8(truncatingIfNeeded: slots[VersionSlot.place(of: hash, among: capacity)].tag)
        }
    }

    func cleared() -> VersionGeneration {
        var empty = self
        empty.clear()
        return empty
    }

    mutating func clear() {
        if count == 0 { return }
        count = 0
        newest = ChunkSequence(0)
        round += 1
        if round > VersionSlot.lastRound {
            round = 1
            for place in slots.indices { slots[place] = VersionSlot() }
        }
    }

    /// All places, those that are free in `round` too.
    func withSlots<Result>(_ body: (UnsafeBufferPointer<VersionSlot>) -> Result) -> Result {
        slots.withUnsafeBufferPointer(body)
    }

    /// Where the key is, or where it would go. The table is never full, so the walk ends.
    @inline(__always)
    private func place(of hash: KeyHash) -> Int {
        slots.withUnsafeBufferPointer { slots in
            var place = VersionSlot.place(of: hash, among: capacity)
            while slots[place].round == round {
                if slots[place].tag == hash.low { break }
                place = (place + 1) & (capacity - 1)
            }
            return place
        }
    }
}
