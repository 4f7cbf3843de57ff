/// Tells which keys are surely not in a set: a Bloom filter whose four bits for a key lie in one block of 32 bytes, one in
/// each of its words, so that asking costs one access to memory (Putze, Sanders, Singler: "Cache-, Hash- and
/// Space-Efficient Bloom Filters"). It knows a key by `KeyHash.low`, which is not its place in a generation. Full, it
/// takes others for its own:
///
/// | bits for each key | of 1000 other keys |
/// |---|---|
/// | 16 | 3 |
/// | 8 | 30 |
/// | 4 | 160 |
struct KeyFilter: Sendable {
    private var blocks: [SIMD4<UInt64>]
    /// Of two filters that are asked for the same key, one should look at it in another way: what one takes for its own,
    /// the other often would too.
    private let isTurned: Bool

    /// As many blocks as can be halved twice, or one.
    ///
    /// - Parameter bits: for each of `capacity` keys.
    init(capacity: Int, bits: Int, isTurned: Bool = false) {
        self.isTurned = isTurned
        let fourths = capacity * bits / 8 / MemoryLayout<SIMD4<UInt64>>.stride / 4
        blocks = Array(repeating: .zero, count: Swift.max(1, 4 * fourths))
    }

    /// The same keys in half the memory, if there are blocks to be halved.
    func folded() -> KeyFilter {
        var half = self
        if blocks.count.isMultiple(of: 2) {
            half.blocks = stride(from: 0, to: blocks.count, by: 2).map { blocks[$0] | blocks[$0 + 1] }
        }
        return half
    }

    var memoryBytes: Int { blocks.count * MemoryLayout<SIMD4<UInt64>>.stride }

    @inline(__always)
    private static func turned(_ tag: UInt64, _ isTurned: Bool) -> UInt64 {
        isTurned ? (tag &* 0x9E37_79B9_7F4A_7C15).byteSwapped : tag
    }

    /// The upper end gives the block, the lower end the bits.
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
        let (count, isTurned) = (UInt64(blocks.count), isTurned)
        blocks.withUnsafeMutableBufferPointer { blocks in
            for slot in slots where slot.round == round {
                let tag = Self.turned(slot.tag, isTurned)
                blocks[Self.block(of: tag, among: count)] |= Self.bits(of: tag)
            }
        }
    }

    @inline(__always)
    func mayHold(_ tag: UInt64) -> Bool {
        let tag = Self.turned(tag, isTurned)
        let bits = Self.bits(of: tag)
        return blocks.withUnsafeBufferPointer { $0[block(of: tag)] } & bits == bits
    }

    /// Brings a key's block into the processor's cache (`VersionTable.touch`).
    @inline(__always)
    func touch(_ tag: UInt64) -> UInt8 {
        UInt8(truncatingIfNeeded: blocks.withUnsafeBufferPointer { $0[block(of: Self.turned(tag, isTurned))].x })
    }
}
