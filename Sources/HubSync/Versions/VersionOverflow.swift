internal import HubStore

/// The generations that memory has no room for, oldest first. They lie in `OverflowStorage` as they lay in memory, so
/// that asking one for a key is one small read; filters in memory tell which to ask.
///
/// Thirty-two generations in a row are a group and have a filter together, and one each besides. When the filters have no
/// room either, those of the oldest groups become smaller (`OverflowGroup.Detail`), so that more generations are asked in vain. That is
/// slower, and no less exact.
struct VersionOverflow: Sendable {
    /// A generation that is being written, and in memory as well.
    private struct Pending {
        let ordinal: UInt64
        let write: OverflowWrite
        let generation: VersionGeneration
    }

    /// Nearly all questions are about these.
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
    private var groups: [OverflowGroup] = []
    private var pending: [Pending] = []
    /// What is older has been removed from the storage.
    private var firstStored: UInt64 = 1
    private var reader: OverflowReader
    private(set) var nextOrdinal: UInt64 = 1
    private(set) var count = 0
    /// Of all groups.
    private(set) var filterBytes = 0
    /// Versions that could not be kept, those among them that had been settled meanwhile included.
    private(set) var forgotten: UInt64 = 0
    /// Why the last of them could not.
    var failure: StoreError?
    /// A generation that has been written, to be filled again.
    private var spare: VersionGeneration?

    init(capacity: Int, filterBytes: Int, storage: any OverflowStorage) {
        self.storage = storage
        self.capacity = capacity
        maximumFilterBytes = filterBytes
        reader = OverflowReader(storage: storage, capacity: capacity)
    }

    private var oneGeneration: Int { capacity * MemoryLayout<VersionSlot>.stride }
    var storedBytes: Int { Int(nextOrdinal - firstStored) * oneGeneration }

    /// What generations take that are in memory as well.
    var generationBytes: Int { (pending.count + (spare == nil ? 0 : 1)) * oneGeneration }

    /// Takes a generation and gives an empty one for it.
    mutating func exchange(_ full: VersionGeneration) -> VersionGeneration {
        collect()
        let isWaiting = pending.count < Self.maximumPending
        if isWaiting {
            let write = storage.writeSoon(nextOrdinal) { use in
                full.withSlots { use(UnsafeRawBufferPointer($0)) }
            }
            pending.append(Pending(ordinal: nextOrdinal, write: write, generation: full))
        } else if let error = write(full) {
            lose(full.count, error)
            nextOrdinal += 1
            return full.cleared()
        }
        if groups.last.map({ $0.isFull }) ?? true { startGroup() }
        describe(full)
        lessenFilters()
        if !isWaiting { return full.cleared() }
        return spare.take() ?? VersionGeneration(capacity: capacity)
    }

    /// Until they fit, or those of the newest group alone are too large: each group loses the same before any loses more,
    /// the oldest first.
    private mutating func lessenFilters() {
        while filterBytes > maximumFilterBytes {
            let older = groups.indices.dropLast().filter { groups[$0].detail != .none }
            guard let group = older.min(by: { groups[$0].detail.rawValue < groups[$1].detail.rawValue }) else { return }
            filterBytes -= groups[group].filterBytes
            groups[group].lessen()
            filterBytes += groups[group].filterBytes
        }
    }

    private func write(_ generation: VersionGeneration) -> StoreError? {
        generation.withSlots { slots in
            do throws(StoreError) {
                try storage.write(UnsafeRawBufferPointer(slots), of: nextOrdinal)
                return nil
            } catch {
                return error
            }
        }
    }

    private mutating func lose(_ count: Int, _ error: StoreError) {
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
        let group = OverflowGroup(capacity: capacity)
        filterBytes += group.filterBytes
        groups.append(group)
    }

    private mutating func describe(_ generation: VersionGeneration) {
        let before = groups.last { !$0.generations.isEmpty }?.generations.last?.facts
        filterBytes += groups[groups.count - 1].add(generation, ordinal: nextOrdinal, after: before)
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
                        of: hash, in: generation.ordinal, round: generation.round, sources: sources)
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
        for group in groups.indices.suffix(Self.recentGroups) { touched &+= groups[group].touch(hash) }
        return touched
    }

    mutating func forget(settled: ChunkSequence) {
        collect()
        let before = count
        // What is still being written stays.
        while let oldest = groups.first?.generations.first, oldest.facts.isSettled(through: settled),
            !pending.contains(where: { $0.ordinal == oldest.ordinal })
        { remove(0, of: 0) }
        if count < before { addUpFacts() }
        if groups.isEmpty { spare = nil }
        let oldest = groups.first?.generations.first?.ordinal ?? nextOrdinal
        guard oldest > firstStored else { return }
        do throws(StoreError) {
            try storage.remove(before: oldest)
            firstStored = oldest
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
        filterBytes -= groups[group].filterBytes
        count -= groups[group].generations.remove(at: index).count
        guard groups[group].generations.isEmpty else {
            filterBytes += groups[group].filterBytes
            return
        }
        groups.remove(at: group)
    }
}
