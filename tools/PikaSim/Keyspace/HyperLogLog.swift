/// Counts distinct elements in 2^17 one-byte registers, which is how Pika stores them: as a string value of 131072
/// bytes.
struct HyperLogLog {
    private static let indexBits: UInt32 = 17
    private static let registerCount = 1 << 17

    private(set) var registers: Bytes

    /// A value of another length, say of an ordinary string, is cut or filled with zeros.
    init(_ stored: Bytes?) {
        registers = stored ?? []
        registers = Array(registers.prefix(Self.registerCount))
        registers += Bytes(repeating: 0, count: Self.registerCount - registers.count)
    }

    mutating func add(_ element: Bytes) {
        let hash = murmur3(element, seed: 313)
        let index = Int(hash & (1 << Self.indexBits - 1))
        let rank = UInt8(min(32 - Int(Self.indexBits), (hash << Self.indexBits).leadingZeroBitCount)) + 1
        registers[index] = max(registers[index], rank)
    }

    mutating func merge(_ other: HyperLogLog) {
        for index in registers.indices where registers[index] < other.registers[index] {
            registers[index] |= other.registers[index]
        }
    }

    var estimate: Int64 {
        let size = Double(Self.registerCount)
        let zeros = registers.count { $0 == 0 }
        let sum = registers.reduce(0) { $0 + 1 / Double(UInt64(1) << UInt64(min($1, 63))) }
        let raw = 0.7213 / (1 + 1.079 / size) * size * size / sum
        return Int64(raw <= 2.5 * size && zeros > 0 ? size * logarithm(size / Double(zeros)) : raw)
    }

    /// The natural logarithm of `value` ≥ 1, by halving into [1, 2) and a series; Foundation is not worth one call.
    private func logarithm(_ value: Double) -> Double {
        let exponent = value.exponent
        let ratio = (value.significand - 1) / (value.significand + 1)
        var term = ratio
        var sum = 0.0
        for odd in stride(from: 1.0, to: 60, by: 2) {
            sum += term / odd
            term *= ratio * ratio
        }
        return 2 * sum + Double(exponent) * 0.693147180559945309417
    }
}

/// MurmurHash3 for 32 bits.
private func murmur3(_ bytes: Bytes, seed: UInt32) -> UInt32 {
    func rotated(_ value: UInt32, _ bits: UInt32) -> UInt32 { value << bits | value >> (32 - bits) }
    func scrambled(_ block: UInt32) -> UInt32 { rotated(block &* 0xcc9e_2d51, 15) &* 0x1b87_3593 }
    func block(_ slice: ArraySlice<UInt8>) -> UInt32 {
        slice.reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    var hash = seed
    let whole = bytes.count / 4 * 4
    for start in stride(from: 0, to: whole, by: 4) {
        hash = rotated(hash ^ scrambled(block(bytes[start..<start + 4])), 13) &* 5 &+ 0xe654_6b64
    }
    if whole < bytes.count { hash ^= scrambled(block(bytes[whole...])) }
    hash ^= UInt32(truncatingIfNeeded: bytes.count)
    hash = (hash ^ hash >> 16) &* 0x85eb_ca6b
    hash = (hash ^ hash >> 13) &* 0xc2b2_ae35
    return hash ^ hash >> 16
}
