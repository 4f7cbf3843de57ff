internal import HubStore

/// Looks for keys in generations that lie in the overflow.
struct OverflowReader: Sendable {
    /// Places that are read at once: in nine of ten cases the walk to a free one is no longer.
    private static let readSlots = 16

    private let storage: any OverflowStorage
    /// Places of a generation.
    private let capacity: Int
    private var page = [VersionSlot](repeating: VersionSlot(), count: readSlots)

    init(storage: any OverflowStorage, capacity: Int) {
        self.storage = storage
        self.capacity = capacity
    }

    /// - Parameters:
    ///   - generation: its number in the storage.
    ///   - sources: sources have the numbers below it.
    /// - Throws: when the generation cannot be read, or holds what cannot have been written there.
    mutating func slot(
        of hash: KeyHash, in generation: UInt64, round: UInt8, sources: Int
    ) throws(StoreError) -> VersionSlot? {
        let stride = MemoryLayout<VersionSlot>.stride
        var place = VersionSlot.place(of: hash, among: capacity)
        // Every generation has free places, so the walk ends before it is back where it began.
        for _ in 0...capacity / Self.readSlots + 1 {
            let count = min(Self.readSlots, capacity - place)
            let failure = page.withUnsafeMutableBytes { [storage] bytes -> StoreError? in
                do throws(StoreError) {
                    try storage.read(
                        UnsafeMutableRawBufferPointer(rebasing: bytes[..<(count * stride)]), of: generation,
                        at: place * stride)
                    return nil
                } catch {
                    return error
                }
            }
            if let failure { throw failure }
            for slot in page[..<count] {
                if slot.round != round { return nil }
                guard slot.source < sources else { throw impossible(generation) }
                if slot.tag == hash.low { return slot }
            }
            place = (place + count) & (capacity - 1)
        }
        throw impossible(generation)
    }

    private func impossible(_ generation: UInt64) -> StoreError {
        .corruption(during: "reading versions", text: "generation \(generation) holds what was not written there")
    }
}
