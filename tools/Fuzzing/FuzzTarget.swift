import RaftLog

// Fuzzing: seeded mutations of good bytes, handed to every parser that reads bytes from outside.
//
// A case is one number: it chooses the example, the damage, and the places where streams are cut. So a failure is
// repeated by its number alone. What counts as a failure: a trap or a crash, a case that does not end, memory that
// grows, a stream that reads differently in parts than as a whole, and what reads back differently than it was written.

/// One parser.
package struct FuzzTarget: Sendable {
    package let name: String
    /// Good bytes, from which every case begins.
    let examples: [[UInt8]]
    /// Reads the bytes, and throws when what was read cannot be right.
    let check: @Sendable (_ bytes: [UInt8], _ random: inout SplitMix) throws(FuzzFailure) -> Void

    /// Runs the case with this number.
    package func run(_ number: UInt64) throws(FuzzFailure) {
        var random = SplitMix(seed: number)
        let bytes = input(&random)
        try check(bytes, &random)
    }

    /// The bytes of a case, to be looked at.
    package func input(ofCase number: UInt64) -> [UInt8] {
        var random = SplitMix(seed: number)
        return input(&random)
    }

    private func input(_ random: inout SplitMix) -> [UInt8] {
        var bytes = examples[random.below(examples.count)]
        if random.below(4) == 0 { bytes += examples[random.below(examples.count)] }
        if random.below(16) != 0 { mutate(&bytes, &random) }
        return bytes
    }
}

/// Why a case has failed.
package struct FuzzFailure: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

func expect(_ holds: Bool, _ what: @autoclosure () -> String) throws(FuzzFailure) {
    if !holds { throw FuzzFailure(what()) }
}

extension SplitMix {
    /// 0 ..< count, of which there is at least one.
    mutating func below(_ count: Int) -> Int { Int(next() % UInt64(count)) }
}

/// One to six damages.
func mutate(_ bytes: inout [UInt8], _ random: inout SplitMix) {
    for _ in 0...random.below(6) where !bytes.isEmpty {
        let place = random.below(bytes.count)
        switch random.below(9) {
        case 0: bytes[place] = UInt8(random.below(256))
        case 1: bytes[place] ^= 1 << UInt8(random.below(8))
        case 2: bytes.removeSubrange(place..<min(bytes.count, place + 1 + random.below(8)))
        case 3: bytes.insert(markers[random.below(markers.count)], at: place)
        case 4:
            let digits = bytes.indices.filter { bytes[$0] &- 48 < 10 }
            if !digits.isEmpty { bytes[digits[random.below(digits.count)]] = 48 + UInt8(random.below(10)) }
        case 5:
            let end = min(bytes.count, place + 1 + random.below(64))
            bytes.insert(contentsOf: Array(bytes[place..<end]), at: random.below(bytes.count))
        case 6: bytes.insert(contentsOf: extremes[random.below(extremes.count)], at: place)
        case 7:
            for index in place..<min(bytes.count, place + 8) { bytes[index] = random.below(2) == 0 ? 0xFF : 0 }
        default: bytes.removeLast(bytes.count - place)
        }
    }
}

private let markers = Array("$*-+:\r\n09\"\\ ,#{}[]\0".utf8)

/// Numbers at which arithmetic goes wrong, as text and as varints.
private let extremes: [[UInt8]] =
    ["0", "-1", "4294967295", "4294967296", "9223372036854775807", "9223372036854775808", "18446744073709551616"]
    .map { Array($0.utf8) } + [
        [0xFF, 0xFF, 0xFF, 0xFF, 0x0F], Array(repeating: 0xFF, count: 9) + [0x01], Array(repeating: 0xFF, count: 10),
        [0x80], [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40],
    ]

/// Cuts bytes into parts, as a connection may deliver them.
func cut(_ bytes: [UInt8], _ random: inout SplitMix) -> [ArraySlice<UInt8>] {
    var parts: [ArraySlice<UInt8>] = []
    var rest = bytes[...]
    let longest = 1 + random.below(random.below(2) == 0 ? 4 : 200)
    while !rest.isEmpty {
        let part = rest.prefix(1 + random.below(longest))
        parts.append(part)
        rest = rest.dropFirst(part.count)
    }
    return parts
}
