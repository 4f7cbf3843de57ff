import RaftLog

/// A few registers: what the simulated clients write and read.
struct SimulatedMachine {
    static let keyCount = 3

    var values = [UInt32](repeating: 0, count: keyCount)
    var applied = LogIndex.zero

    static func command(key: Int, value: UInt32) -> [UInt8] {
        [UInt8(key)] + withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }

    mutating func apply(_ command: [UInt8], at index: LogIndex) {
        values[Int(command[0])] = Self.number(command[1..<5])
        applied = index
    }

    var snapshot: [UInt8] {
        values.flatMap { value in withUnsafeBytes(of: value.littleEndian) { Array($0) } }
    }

    init() {}

    init(restoring snapshot: [UInt8], through index: LogIndex) {
        values = (0..<Self.keyCount).map { Self.number(snapshot[4 * $0..<4 * $0 + 4]) }
        applied = index
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
}
