/// Generations of the overflow that came one after the other, and the filters that tell which of them may hold a key.
struct OverflowGroup: Sendable {
    struct Generation: Sendable {
        /// Its number, in the storage too.
        let ordinal: UInt64
        let round: UInt8
        let count: Int
        /// Of this one alone.
        let own: VersionFacts
        /// Of this one and all before it that are still there.
        var facts: VersionFacts
        fileprivate(set) var filter: KeyFilter?

        func excludes(_ hash: KeyHash) -> Bool { filter.map { !$0.mayHold(hash.low) } ?? false }
    }

    /// The filters that there are, in the order in which they are lost: bits for each key of the one that all generations
    /// share, and of the one that each has.
    enum Detail: Int {
        /// 16 and 8: hardly a generation is asked in vain.
        case full
        /// 8 and 8.
        case fair
        /// 8 and 4.
        case coarse
        /// 8 and none.
        case shared
        case none
    }

    /// Of generations that a group takes.
    private static let size = 32

    var generations: [Generation] = []
    private(set) var detail = Detail.full
    private var filter: KeyFilter?
    /// Those among them that are gone included.
    private var added = 0

    /// - Parameter capacity: places of a generation.
    init(capacity: Int) { filter = KeyFilter(capacity: Self.size * VersionGeneration.limit(capacity), bits: 16) }

    var isFull: Bool { added == Self.size }

    var filterBytes: Int { generations.reduce(filter?.memoryBytes ?? 0) { $0 + ($1.filter?.memoryBytes ?? 0) } }

    func excludes(_ hash: KeyHash) -> Bool { filter.map { !$0.mayHold(hash.low) } ?? false }

    @inline(__always)
    func touch(_ hash: KeyHash) -> UInt8 { filter?.touch(hash.low) ?? 0 }

    /// While the group is the newest, which keeps all of its filters.
    ///
    /// - Parameter before: facts of all generations before this one.
    /// - Returns: bytes of the new filter.
    mutating func add(_ generation: VersionGeneration, ordinal: UInt64, after before: VersionFacts?) -> Int {
        var own = KeyFilter(capacity: VersionGeneration.limit(generation.capacity), bits: 8, isTurned: true)
        // Taken out, so that it is this one's alone and changes where it is.
        var shared = filter.take()
        let round = generation.round
        var facts = VersionFacts()
        generation.withSlots { slots in
            own.insert(slots, of: round)
            shared?.insert(slots, of: round)
            facts.add(slots, of: round)
        }
        filter = shared
        added += 1
        generations.append(
            Generation(
                ordinal: ordinal, round: round, count: generation.count, own: facts,
                facts: before.map(facts.union) ?? facts, filter: own))
        return own.memoryBytes
    }

    /// Makes the filters smaller by a step.
    mutating func lessen() {
        detail = Detail(rawValue: detail.rawValue + 1) ?? .none
        switch detail {
        case .full: break
        case .fair: filter = filter?.folded()
        case .coarse: changeFilters { $0.folded() }
        case .shared: changeFilters { _ in nil }
        case .none: filter = nil
        }
    }

    private mutating func changeFilters(_ change: (KeyFilter) -> KeyFilter?) {
        for index in generations.indices { generations[index].filter = generations[index].filter.flatMap(change) }
    }
}
