import HubStore
import Testing

@testable import HubSync

/// What a table that mostly lies in the overflow answers, and leaves out, changes no decision.
@Suite struct VersionReachTests {
    /// A server that writes, with what it follows.
    private struct Writer {
        let source: ServerID
        var offset: UInt64 = 0
        var seconds: UInt32 = 1000
        var evidence = OrderEvidence()
    }

    /// The table, and beside it one that forgets nothing.
    private struct Both {
        var table = VersionTable(memoryBytes: 0, overflow: OverflowMemory())
        var all: [KeyHash: KeyVersion] = [:]
        var settled = ChunkSequence(0)

        mutating func set(_ version: KeyVersion, of hash: KeyHash) {
            table.set(version, of: hash, settled: settled)
            all[hash] = version
        }
    }

    private struct Outcome: Equatable {
        var decision: WriteDecision
        var version: KeyVersion
    }

    private static func decide(
        _ write: KeyVersion, against known: KeyVersion?, _ evidence: OrderEvidence
    ) -> Outcome {
        guard let known else { return Outcome(decision: .deliver, version: write) }
        let following = evidence.following(known.sequence, file: write.file, offset: write.offset)
        let decision = WriteDecision.decide(write, against: known, following: following)
        guard decision.fate != .superseded else { return Outcome(decision: decision, version: known) }
        var version = write
        version.succeed(known, following, isSettled: false)
        return Outcome(decision: decision, version: version)
    }

    @Test(arguments: 0..<40)
    func aBoundedTableDecidesAsAnUnboundedOne(_ seed: Int) {
        var random = SplitMix(state: UInt64(seed))
        var both = Both()
        var writers = [1, 2, 3].map { Writer(source: ServerID($0)) }
        // From one writer to three, from hot keys to distinct ones, and clocks that stand, run and step back.
        let active = Int.random(in: 1...3, using: &random)
        let keys: Int = [3, 30, 300, 3000].randomElement(using: &random) ?? 3
        let pace: Double = [0, 0.02, 0.3].randomElement(using: &random) ?? 0
        let hasher = KeyHasher(seed: 5)
        var skipped = 0
        for sequence in UInt64(1)...1500 {
            let index = Int.random(in: 0..<active, using: &random)
            writers[index].offset += 100
            if Double.random(in: 0..<1, using: &random) < pace {
                for other in writers.indices { writers[other].seconds += 1 }
            }
            if Int.random(in: 0..<200, using: &random) == 0 { writers[index].seconds -= 3 }
            let key = Array("\(Int.random(in: 0..<keys, using: &random))".utf8)
            let hash = key.withUnsafeBytes { hasher.hash($0, 0..<$0.count) }
            let write = KeyVersion(
                seconds: writers[index].seconds, counter: 0, effect: .whole, mayBeCovered: false,
                source: writers[index].source, file: 1, offset: writers[index].offset,
                sequence: ChunkSequence(sequence))
            let place = BinlogPosition(file: 1, offset: writers[index].offset)
            let reach = both.table.reach(
                of: .init(
                    place: place, seconds: write.seconds,
                    followed: writers[index].evidence.followed(file: place.file, offset: place.offset)),
                by: write.source)
            let known = both.table.version(of: hash, within: reach)
            #expect(both.table.version(of: hash) == both.all[hash])
            if known != both.all[hash] { skipped += 1 }
            let outcome = Self.decide(write, against: known, writers[index].evidence)
            #expect(outcome == Self.decide(write, against: both.all[hash], writers[index].evidence))
            if outcome.version.sequence == write.sequence { both.set(outcome.version, of: hash) }
            if Int.random(in: 0..<20, using: &random) == 0 {
                let acknowledged = sequence - min(sequence - 1, UInt64.random(in: 0..<100, using: &random))
                writers[index].evidence.add(
                    .init(
                        file: 1, offset: writers[index].offset + 1, acknowledged: ChunkSequence(acknowledged),
                        applied: ChunkSequence(acknowledged / 2), time: 0))
            }
            if Int.random(in: 0..<2000, using: &random) == 0 { writers[index].evidence.beginEpoch() }
        }
        // Not in vain: much is in the overflow, and where time passes some of it is left out.
        #expect(keys < 300 || both.table.overflowCount > 100)
        #expect(pace < 0.3 || keys < 30 || keys > 300 || skipped > 0)
    }
}

private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}
