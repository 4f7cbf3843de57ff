internal import HubStore

/// A key and its version in half a line of the processor's cache, as they lie in memory and in the overflow. Zero is no
/// version.
///
/// | word | bits |
/// |---|---|
/// | key | 64 of its hash; others are in its place |
/// | origin | 44 sequence, 12 source, 2 effect, 1 may be covered, 5 round |
/// | position | 48 offset, 16 counter |
/// | time | 32 seconds, 32 file |
///
/// What is larger than its bits is taken for the largest that fits: an offset of 256 TiB, or a chunk that is reached
/// after 50 years of 10,000 a second.
struct VersionSlot: Sendable {
    private(set) var tag: UInt64 = 0
    private var origin: UInt64 = 0
    private var position: UInt64 = 0
    private var time: UInt64 = 0

    static let lastRound: UInt8 = 31
    static let maximumSources = 1 << 12
    private static let maximumSequence: UInt64 = 1 << 44 - 1
    private static let maximumOffset: UInt64 = 1 << 48 - 1

    init() {}

    /// - Parameter source: the number of the version's source.
    @inline(__always)
    init(_ version: KeyVersion, of hash: KeyHash, source: Int) {
        tag = hash.low
        origin =
            min(version.sequence.rawValue, Self.maximumSequence) << 20 | UInt64(truncatingIfNeeded: source) << 8
            | UInt64(version.effect.rawValue) << 6 | (version.mayBeCovered ? 1 << 5 : 0)
        position = min(version.offset, Self.maximumOffset) << 16 | UInt64(version.counter)
        time = UInt64(version.seconds) << 32 | UInt64(version.file)
    }

    /// The first place where the key may be.
    @inline(__always)
    static func place(of hash: KeyHash, among capacity: Int) -> Int {
        Int(truncatingIfNeeded: hash.high) & (capacity - 1)
    }

    @inline(__always)
    func inRound(_ round: UInt8) -> VersionSlot {
        var slot = self
        slot.origin |= UInt64(round)
        return slot
    }

    /// In which round of its generation it was set, 1 to 31.
    @inline(__always)
    var round: UInt8 { UInt8(truncatingIfNeeded: origin) & Self.lastRound }
    @inline(__always)
    var sequence: ChunkSequence { ChunkSequence(origin >> 20) }
    @inline(__always)
    var source: Int { Int(truncatingIfNeeded: origin >> 8) & (Self.maximumSources - 1) }
    var mayBeCovered: Bool { origin & 1 << 5 != 0 }
    var seconds: UInt32 { UInt32(truncatingIfNeeded: time >> 32) }
    var place: BinlogPosition { BinlogPosition(file: UInt32(truncatingIfNeeded: time), offset: position >> 16) }

    @inline(__always)
    func version(of source: ServerID) -> KeyVersion {
        guard let effect = KeyVersion.Effect(rawValue: UInt8(truncatingIfNeeded: origin >> 6) & 3) else {
            preconditionFailure("an effect of no kind in the version table")
        }
        return KeyVersion(
            seconds: seconds, counter: UInt16(truncatingIfNeeded: position), effect: effect,
            mayBeCovered: mayBeCovered, source: source, file: place.file, offset: place.offset, sequence: sequence)
    }
}
