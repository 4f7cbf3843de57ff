import HubStore
import Testing

@testable import HubSync

@Suite struct KeyFilterTests {
    private let hasher = KeyHasher(seed: 7)

    private func hash(_ number: Int) -> KeyHash {
        Array("key:\(number)".utf8).withUnsafeBytes { hasher.hash($0, 0..<$0.count) }
    }

    private func slots(_ keys: Range<Int>, round: UInt8) -> [VersionSlot] {
        let version = KeyVersion(
            seconds: 0, counter: 0, effect: .whole, mayBeCovered: false, source: ServerID(1), file: 0, offset: 0,
            sequence: ChunkSequence(0))
        return keys.map { VersionSlot(version, of: hash($0), source: 0).inRound(round) }
    }

    private func share(_ filter: KeyFilter, takenOf others: Range<Int>) -> Double {
        Double(others.count { filter.mayHold(hash($0).low) }) / Double(others.count)
    }

    @Test(arguments: [1, 6, 192, 20_000], [8, 16])
    func holdsWhatWasInsertedAndLittleElse(_ capacity: Int, _ bits: Int) {
        var filter = KeyFilter(capacity: capacity, bits: bits)
        // What is left from another round is not among them.
        let mixed = slots(0..<capacity, round: 1) + slots(capacity..<2 * capacity, round: 2)
        mixed.withUnsafeBufferPointer { filter.insert($0, of: 1) }
        let others = capacity..<capacity + 20_000
        // The smallest consist of a block or a few, which are fuller.
        var bounds = capacity < 1000 ? [0.03, 0.2, 0.6] : [0.004, 0.04, 0.18]
        if bits == 8 { bounds.removeFirst() }
        for bound in bounds {
            #expect((0..<capacity).allSatisfy { filter.mayHold(hash($0).low) })
            #expect(share(filter, takenOf: others) < bound)
            let bytes = filter.memoryBytes
            filter = filter.folded()
            #expect(filter.memoryBytes == bytes / 2 || !(bytes / 32).isMultiple(of: 2))
        }
    }

    /// As a group of the overflow has them: one for all, and one for each, which are asked one after the other.
    @Test func twoThatLookAtKeysInTwoWaysErrApart() {
        var shared = KeyFilter(capacity: 32_000, bits: 8)
        var own = Array(repeating: KeyFilter(capacity: 1000, bits: 8, isTurned: true), count: 32)
        for index in own.indices {
            slots(index * 1000..<index * 1000 + 1000, round: 1).withUnsafeBufferPointer {
                shared.insert($0, of: 1)
                own[index].insert($0, of: 1)
            }
        }
        let others = 32_000..<52_000
        let mistaken = others.reduce(0) { sum, number in
            let tag = hash(number).low
            return shared.mayHold(tag) ? sum + own.count { $0.mayHold(tag) } : sum
        }
        // 3 of 100 times 3 of 100 of 32; a key that errs twice for one reason makes twice as many.
        #expect(Double(mistaken) / Double(others.count) < 0.042)
    }

    @Test func takesNoMoreMemoryThanItsBits() {
        for capacity in [1, 6, 192, 100_000] {
            #expect(KeyFilter(capacity: capacity, bits: 8).memoryBytes <= max(32, capacity))
            #expect(KeyFilter(capacity: capacity, bits: 16).memoryBytes <= max(32, 2 * capacity))
        }
    }

    @Test func anEmptyOneHoldsNothing() {
        let filter = KeyFilter(capacity: 1000, bits: 8)
        #expect((0..<1000).allSatisfy { !filter.mayHold(hash($0).low) })
    }
}
