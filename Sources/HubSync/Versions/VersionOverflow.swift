internal import HubStore

/// The generations that memory has no room for, oldest first. They lie in `OverflowStorage` as they lay in memory, so
/// that writing one is one call and asking one for a key is one small read; filters in memory tell which to ask.
///
/// Thirty-two generations in a row are a group and have a filter together. Those of the newest two groups, which nearly
/// all questions are about, have one each besides. When the filters have no room either, the oldest groups do without:
/// they are asked each time. That is slow, and no less exact.
struct VersionOverflow: Sendable {
    private struct Generation {
        let ordinal: UInt64
        /// Which part of the storage holds it.
        let region: Int
        let round: UInt8
        let count: Int
        /// Of this one alone.
        let own: VersionFacts
        /// Of this one and all before it that are still there.
        var facts: VersionFacts
        var filter: KeyFilter?

        func excludes(_ hash: KeyHash) -> Bool { filter.map { !$0.mayHold(hash.low) } ?? false }
    }

    /// A generation that is being written, and in memory as well.
    private struct Pending {
        let ordinal: UInt64
        let write: OverflowWrite
        let generation: VersionGeneration
    }

    private struct Group {
        var generations: [Generation] = []
        var added = 0
        var filter: KeyFilter?

        func excludes(_ hash: KeyHash) -> Bool { filter.map { !$0.mayHold(hash.low) } ?? false }
    }

    static let groupSize = 32
    private static let recentGroups = 2
    /// Generations that are being written at once. With that many the next is written before anything goes on: the
    /// disk is slower than the sources.
    static let maximumPending = 2
    /// Of memory besides the filters: those that are written, and one that is free.
    static let maximumGenerations = maximumPending + 1

    private let storage: any OverflowStorage
    /// Places of a generation.
    private let capacity: Int
    private let maximumFilterBytes: Int
    private var groups: [Group] = []
    private var pending: [Pending] = []
    private var freeRegions: Set<Int> = []
    private var regionCount = 0
    private var reader: OverflowReader
    private(set) var nextOrdinal: UInt64 = 1
    private(set) var count = 0
    private(set) var filterBytes = 0
    /// Versions that could not be kept, those among them that had been settled meanwhile included.
    private(set) var forgotten: UInt64 = 0
    /// Why the last of them could not.
    var failure: FileError?
    /// A generation that has been written, to be filled again.
    private var spare: VersionGeneration?

    init(capacity: Int, filterBytes: Int, storage: any OverflowStorage) {
        self.storage = storage
        self.capacity = capacity
        maximumFilterBytes = filterBytes
        reader = OverflowReader(storage: storage, capacity: capacity)
    }

    private var regionBytes: Int { capacity * MemoryLayout<VersionSlot>.stride }
    var storedBytes: Int { regionCount * regionBytes }

    /// What generations take that are in memory as well.
    var generationBytes: Int { (pending.count + (spare == nil ? 0 : 1)) * regionBytes }

    /// Takes a generation and gives an empty one for it.
    mutating func exchange(_ full: VersionGeneration) -> VersionGeneration {
        collect()
        let region = freeRegions.min() ?? regionCount
        let isWaiting = pending.count < Self.maximumPending
        if isWaiting {
            let write = storage.writeSoon(at: region * regionBytes) { use in
                full.withSlots { use(UnsafeRawBufferPointer($0)) }
            }
            pending.append(Pending(ordinal: nextOrdinal, write: write, generation: full))
        } else if let error = write(full, in: region) {
            lose(full.count, error)
            return full.cleared()
        }
        freeRegions.remove(region)
        regionCount = max(regionCount, region + 1)
        if groups.last.map({ $0.added == Self.groupSize }) ?? true { startGroup() }
        describe(full, in: region)
        while filterBytes > maximumFilterBytes, let oldest = groups.dropLast().firstIndex(where: { $0.filter != nil }) {
            filterBytes -= groups[oldest].filter?.memoryBytes ?? 0
            groups[oldest].filter = nil
        }
        if !isWaiting { return full.cleared() }
        return spare.take() ?? VersionGeneration(capacity: capacity)
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

    /// Notes which writes have ended.
    private mutating func collect() {
        for ended in pending {
            switch ended.write.outcome {
            case nil: continue
            case .written: break
            case .failed(let error):
                for group in groups.indices.reversed() {
                    let index = groups[group].generations.firstIndex { $0.ordinal == ended.ordinal }
                    guard let index else { continue }
                    lose(ended.generation.count, error)
                    remove(index, of: group)
                    break
                }
            }
            spare = ended.generation.cleared()
            pending.removeAll { $0.ordinal == ended.ordinal }
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

    private mutating func describe(_ generation: VersionGeneration, in region: Int) {
        let last = groups.count - 1
        var own = KeyFilter(capacity: VersionGeneration.limit(capacity))
        filterBytes += own.memoryBytes
        // Taken out, so that it is this one's alone and changes where it is.
        var shared = groups[last].filter.take()
        let round = generation.round
        var facts = VersionFacts()
        generation.withSlots { slots in
            own.insert(slots, of: round)
            shared?.insert(slots, of: round)
            facts.add(slots, of: round)
        }
        groups[last].filter = shared
        groups[last].added += 1
        let before = groups.last { !$0.generations.isEmpty }?.generations.last?.facts
        groups[last].generations.append(
            Generation(
                ordinal: nextOrdinal, region: region, round: generation.round, count: generation.count, own: facts,
                facts: before.map(facts.union) ?? facts, filter: own))
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

    /// - Parameters:
    ///   - first: generations with a smaller ordinal are not asked.
    ///   - sources: sources have the numbers below it.
    mutating func slot(of hash: KeyHash, from first: UInt64, sources: Int) -> VersionSlot? {
        for group in groups.indices.reversed() {
            guard let newest = groups[group].generations.last, newest.ordinal >= first else { return nil }
            if groups[group].excludes(hash) { continue }
            for index in groups[group].generations.indices.reversed() {
                if groups[group].generations[index].ordinal < first { return nil }
                if groups[group].generations[index].excludes(hash) { continue }
                let generation = groups[group].generations[index]
                if let pending = pending.first(where: { $0.ordinal == generation.ordinal }) {
                    if let slot = pending.generation.slot(of: hash) { return slot }
                    continue
                }
                do {
                    if let slot = try reader.slot(
                        of: hash, in: generation.region, round: generation.round, sources: sources)
                    {
                        return slot
                    }
                } catch {
                    lose(generation.count, error)
                    remove(index, of: group)
                }
            }
        }
        return nil
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
        let before = count
        // What is still being written keeps its region.
        while let oldest = groups.first?.generations.first, oldest.facts.isSettled(through: settled),
            !pending.contains(where: { $0.ordinal == oldest.ordinal })
        { remove(0, of: 0) }
        if count < before { addUpFacts() }
        guard groups.isEmpty else { return }
        spare = nil
        guard regionCount > 0 else { return }
        do {
            try storage.truncate(to: 0)
            (regionCount, freeRegions) = (0, [])
        } catch {
            failure = error
        }
    }

    /// Without those that are gone: one of them may have been what keeps the others from being left out.
    private mutating func addUpFacts() {
        var sum = VersionFacts()
        for group in groups.indices {
            for index in groups[group].generations.indices {
                sum = groups[group].generations[index].own.union(sum)
                groups[group].generations[index].facts = sum
            }
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
