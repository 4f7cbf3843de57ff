/// A key's identity: 128 bits, so that two different keys are never taken for one. In the version table 64 of them tell
/// keys apart that share a place: one in 10^18 of its answers would be about another key.
struct KeyHash: Hashable, Sendable {
    var high: UInt64
    var low: UInt64
}

/// Hashes keys with a secret of this process, so that nobody can choose keys that collide. Multiply and fold, two
/// independent lanes, eight bytes a step.
struct KeyHasher: Sendable {
    private let secret: (UInt64, UInt64)

    /// - Parameter seed: random in the daemon, from the run's seed in the simulator.
    init(seed: UInt64) {
        secret = (Self.fold(seed ^ Self.first, Self.second), Self.fold(seed ^ Self.third, Self.first) | 1)
    }

    @inline(__always)
    func hash(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> KeyHash {
        let count = range.count
        var position = range.lowerBound
        var high = secret.0 ^ UInt64(truncatingIfNeeded: count)
        var low = secret.1 &+ UInt64(truncatingIfNeeded: count)
        while range.upperBound - position >= 8 {
            let word = bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)
            high = Self.fold(high ^ word, Self.second)
            low = Self.fold(low ^ word, Self.third)
            position += 8
        }
        var rest: UInt64 = 0
        var shift: UInt64 = 0
        while position < range.upperBound {
            rest |= UInt64(bytes[position]) << shift
            shift += 8
            position += 1
        }
        // Marks the end, so that a rest with zero bytes behind it is another one.
        rest |= 1 << shift
        high = Self.fold(high ^ rest ^ Self.third, secret.1 ^ Self.first)
        low = Self.fold(low ^ rest ^ Self.first, secret.0 ^ Self.second)
        return KeyHash(high: high, low: low)
    }

    private static let first: UInt64 = 0xA076_1D64_78BD_642F
    private static let second: UInt64 = 0xE703_7ED1_A0B4_28DB
    private static let third: UInt64 = 0x8EBC_6AF0_9C88_C6E3

    @inline(__always)
    private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }
}
