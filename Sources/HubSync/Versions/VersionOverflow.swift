internal import HubStore

/// The generations that memory has no room for, oldest first. They lie in `OverflowStorage` as they lay in memory, so
/// that writing one is one call and asking one for a key is one small read; filters in memory tell which to ask.
///
/// Sixteen generations in a row are a group and have a filter together. Those of the newest two groups, which nearly
/// all questions are about, have one each besides. When the filters have no room either, the oldest groups do without:
/// they are asked each time. That is slow, and no less exact.
struct VersionOverflow: Sendable {
    private struct Generation {
        let ordinal: UInt64
        /// Which part of the storage holds it.
        let region: Int
        let round: UInt8
        let count: Int
        /// Of this one and all before it.
        let facts: VersionFacts
        var filter: KeyFilter?
        /// While it is being written it is in memory as well.
        var pending: Pending?

        func excludes(_ hash: KeyHash) -> Bool { filter.map { !$0.mayHold(hash.low) } ?? false }
    }

    private struct Pending {
        let write: OverflowWrite
        let generation: VersionGeneration
    }

    private struct Group {
        var generations: [Generation] = []
        var added = 0
        var filter: KeyFilter?

        func excludes(_ hash: KeyHash) -> Bool { filter.map { !$0.mayHold(hash.low) } ?? false }
    }

    static let groupSize = 16
    private static let recentGroups = 2
    /// Generations that are being written at once. With that many the next is written before anything goes on: the
    /// disk is slower than the sources.
    private static let maximumPending = 2
    /// Places that are read at once: in four of five cases the walk to a free one is no longer.
    private static let readSlots = 16

    private let storage: any OverflowStorage
    /// Places of a generation.
    private let capacity: Int
    private let maximumFilterBytes: Int
    private var groups: [Group] = []
    private var facts = VersionFacts()
    private var freeRegions: Set<Int> = []
    private var regionCount = 0
    private var page = [VersionSlot](repeating: VersionSlot(), count: readSlots)
    private(set) var nextOrdinal: UInt64 = 1
    private(set) var count = 0
    private(set) var filterBytes = 0
    /// Versions that were not settled and could not be kept.
    private(set) var forgotten: UInt64 = 0
    /// Why the last of them could not.
    var failure: FileError?
    /// A generation that has been written, to be filled again.
    private var spare: VersionGeneration?

    init(capacity: Int, filterBytes: Int, storage: any OverflowStorage) {
        self.storage = storage
        self.capacity = capacity
        maximumFilterBytes = filterBytes
    }

    private var regionBytes: Int { capacity * MemoryLayout<VersionSlot>.stride }
    var storedBytes: Int { regionCount * regionBytes }

    /// An empty generation.
    mutating func takeSpare() -> VersionGeneration {
        collect()
        return spare.take() ?? VersionGeneration(capacity: capacity)
    }

    mutating func add(_ generation: VersionGeneration) {
        let region = freeRegions.min() ?? regionCount
        var pending: Pending?
        if pendingCount < Self.maximumPending {
            let write = storage.writeSoon(at: region * regionBytes) { use in
                generation.withSlots { use(UnsafeRawBufferPointer($0)) }
            }
            pending = Pending(write: write, generation: generation)
        } else if let error = write(generation, in: region) {
            return lose(generation.count, error)
        }
        freeRegions.remove(region)
        regionCount = max(regionCount, region + 1)
        if groups.last.map({ $0.added == Self.groupSize }) ?? true { startGroup() }
        describe(generation, in: region, pending)
        while filterBytes > maximumFilterBytes, let oldest = groups.dropLast().firstIndex(where: { $0.filter != nil }) {
            filterBytes -= groups[oldest].filter?.memoryBytes ?? 0
            groups[oldest].filter = nil
        }
    }

    private func write(_ generation: VersionGeneration, in region: Int) -> FileError? {
        generation.withSlots { slots in
            do throws(FileError) {
                try storage.write(UnsafeRawBufferPointer(slots), at: region * regionBytes)
                return nil
            } catch {
                return error
            }
        }
    }

    private mutating func lose(_ count: Int, _ error: FileError) {
        forgotten += UInt64(count)
        failure = error
    }

    private var pendingCount: Int {
        groups.suffix(Self.recentGroups).reduce(0) { $0 + $1.generations.count { $0.pending != nil } }
    }

    /// Notes which writes have ended.
    private mutating func collect() {
        for group in groups.indices.reversed().prefix(Self.recentGroups) {
            for index in groups[group].generations.indices.reversed() {
                switch groups[group].generations[index].pending?.write.outcome {
                case nil: continue
                case .written:
                    var generation = groups[group].generations[index].pending.take()?.generation
                    generation?.clear()
                    spare = generation
                case .failed(let error):
                    lose(groups[group].generations[index].count, error)
                    remove(index, of: group)
                }
            }
        }
    }

    private mutating func startGroup() {
        let filter = KeyFilter(capacity: Self.groupSize * VersionGeneration.limit(capacity))
        filterBytes += filter.memoryBytes
        groups.append(Group(filter: filter))
        for group in groups.indices.dropLast(Self.recentGroups) {
            for index in groups[group].generations.indices {
                filterBytes -= groups[group].generations[index].filter?.memoryBytes ?? 0
                groups[group].generations[index].filter = nil
            }
        }
    }

    private mutating func describe(_ generation: VersionGeneration, in region: Int, _ pending: Pending?) {
        let last = groups.count - 1
        var own = KeyFilter(capacity: VersionGeneration.limit(capacity))
        filterBytes += own.memoryBytes
        // Taken out, so that it is this one's alone and changes where it is.
        var shared = groups[last].filter.take()
        let round = generation.round
        generation.withSlots { slots in
            own.insert(slots, of: round)
            shared?.insert(slots, of: round)
            facts.add(slots, of: round)
        }
        groups[last].filter = shared
        groups[last].added += 1
        groups[last].generations.append(
            Generation(
                ordinal: nextOrdinal, region: region, round: generation.round, count: generation.count, facts: facts,
                filter: own, pending: pending))
        nextOrdinal += 1
        count += generation.count
    }

    /// The ordinal of the oldest generation that matters to `writes`; `nextOrdinal` when none does.
    func firstThatMatters(to writes: VersionFacts.Writes, by source: Int) -> UInt64 {
        var first = nextOrdinal
        for group in groups.reversed() {
            for generation in group.generations.reversed() {
                if generation.facts.cannotMatter(to: writes, by: source) { return first }
                first = generation.ordinal
            }
        }
        return 0
    }

    /// - Parameter first: generations with a smaller ordinal are not asked.
    mutating func slot(of hash: KeyHash, from first: UInt64) -> VersionSlot? {
        for group in groups.indices.reversed() {
            guard let newest = groups[group].generations.last, newest.ordinal >= first else { return nil }
            if groups[group].excludes(hash) { continue }
            for index in groups[group].generations.indices.reversed() {
                if groups[group].generations[index].ordinal < first { return nil }
                if groups[group].generations[index].excludes(hash) { continue }
                let generation = groups[group].generations[index]
                if let pending = generation.pending {
                    if let slot = pending.generation.slot(of: hash) { return slot }
                    continue
                }
                do {
                    if let slot = try stored(hash, generation.region, round: generation.round) { return slot }
                } catch {
                    lose(generation.count, error)
                    remove(index, of: group)
                }
            }
        }
        return nil
    }

    private mutating func stored(_ hash: KeyHash, _ region: Int, round: UInt8) throws(FileError) -> VersionSlot? {
        var place = VersionSlot.place(of: hash, among: capacity)
        while true {
            let count = min(Self.readSlots, capacity - place)
            let offset = region * regionBytes + place * MemoryLayout<VersionSlot>.stride
            let failure = page.withUnsafeMutableBytes { [storage] bytes -> FileError? in
                do throws(FileError) {
                    try storage.read(
                        UnsafeMutableRawBufferPointer(rebasing: bytes[..<(count * MemoryLayout<VersionSlot>.stride)]),
                        at: offset)
                    return nil
                } catch {
                    return error
                }
            }
            if let failure { throw failure }
            for slot in page[..<count] {
                if slot.round != round { return nil }
                if slot.tag == hash.low { return slot }
            }
            place = (place + count) & (capacity - 1)
        }
    }

    /// Brings the newest groups' filters into the processor's cache.
    @inline(__always)
    func touch(_ hash: KeyHash) -> UInt8 {
        var touched: UInt8 = 0
        for group in groups.indices.suffix(Self.recentGroups) { touched &+= groups[group].filter?.touch(hash.low) ?? 0 }
        return touched
    }

    mutating func forget(settled: ChunkSequence) {
        collect()
        // What is still being written keeps its region.
        while let oldest = groups.first?.generations.first, oldest.facts.isSettled(through: settled),
            oldest.pending == nil
        { remove(0, of: 0) }
        if groups.isEmpty && regionCount > 0 {
            (regionCount, freeRegions, facts) = (0, [], VersionFacts())
            do { try storage.truncate(to: 0) } catch { failure = error }
        }
    }

    private mutating func remove(_ index: Int, of group: Int) {
        let generation = groups[group].generations.remove(at: index)
        count -= generation.count
        freeRegions.insert(generation.region)
        filterBytes -= generation.filter?.memoryBytes ?? 0
        guard groups[group].generations.isEmpty else { return }
        filterBytes -= groups[group].filter?.memoryBytes ?? 0
        groups.remove(at: group)
    }
}
