/// Tells which keys are surely not in a set, with 8 bits for each: a Bloom filter whose four bits for a key lie in one
/// block of 32 bytes, one in each of its words, so that asking costs one access to memory (Putze, Sanders, Singler:
/// "Cache-, Hash- and Space-Efficient Bloom Filters"). Full, it takes about 3 of 100 other keys for its own.
/// It knows a key by `KeyHash.low`.
struct KeyFilter: Sendable {
    private var blocks: [SIMD4<UInt64>]

    init(capacity: Int) {
        blocks = Array(repeating: .zero, count: Swift.max(1, capacity / MemoryLayout<SIMD4<UInt64>>.stride))
    }

    var memoryBytes: Int { blocks.count * MemoryLayout<SIMD4<UInt64>>.stride }

    /// Of the half of the hash that is not a key's place in a generation, the upper end gives the block, the lower end
    /// the bits.
    @inline(__always)
    private static func block(of tag: UInt64, among count: UInt64) -> Int {
        Int(truncatingIfNeeded: tag.multipliedFullWidth(by: count).high)
    }

    @inline(__always)
    private func block(of tag: UInt64) -> Int { Self.block(of: tag, among: UInt64(blocks.count)) }

    @inline(__always)
    private static func bits(of tag: UInt64) -> SIMD4<UInt64> {
        SIMD4(
            1 &<< tag, 1 &<< (tag &>> 6), 1 &<< (tag &>> 12), 1 &<< (tag &>> 18))
    }

    /// Takes in the keys of a generation.
    mutating func insert(_ slots: UnsafeBufferPointer<VersionSlot>, of round: UInt8) {
        let count = UInt64(blocks.count)
        blocks.withUnsafeMutableBufferPointer { blocks in
            for slot in slots where slot.round == round {
                blocks[Self.block(of: slot.tag, among: count)] |= Self.bits(of: slot.tag)
            }
        }
    }

    @inline(__always)
    func mayHold(_ tag: UInt64) -> Bool {
        let bits = Self.bits(of: tag)
        return blocks.withUnsafeBufferPointer { $0[block(of: tag)] } & bits == bits
    }

    /// Brings a key's block into the processor's cache (`VersionTable.touch`).
    @inline(__always)
    func touch(_ tag: UInt64) -> UInt8 {
        UInt8(truncatingIfNeeded: blocks.withUnsafeBufferPointer { $0[block(of: tag)].x })
    }
}
