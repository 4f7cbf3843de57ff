import HubStore
import Testing

@testable import HubSync

@Suite struct KeyFilterTests {
    private let hasher = KeyHasher(seed: 7)

    private func hash(_ number: Int) -> KeyHash {
        Array("key:\(number)".utf8).withUnsafeBytes { hasher.hash($0, 0..<$0.count) }
    }

    @Test(arguments: [1, 6, 192, 100_000])
    func holdsWhatWasInsertedAndLittleElse(_ capacity: Int) {
        var filter = KeyFilter(capacity: capacity)
        let version = KeyVersion(
            seconds: 0, counter: 0, effect: .whole, mayBeCovered: false, source: ServerID(1), file: 0, offset: 0,
            sequence: ChunkSequence(0))
        let slots = (0..<capacity).map { VersionSlot(version, of: hash($0), source: 0).inRound(1) }
        // What is left from another round is not among them.
        let stale = (capacity..<2 * capacity).map { VersionSlot(version, of: hash($0), source: 0).inRound(2) }
        (slots + stale).withUnsafeBufferPointer { filter.insert($0, of: 1) }
        #expect((0..<capacity).allSatisfy { filter.mayHold(hash($0).low) })
        let others = capacity..<capacity + 100_000
        let mistaken = others.count { filter.mayHold(hash($0).low) }
        // The smallest consist of a block or a few, which may happen to be fuller.
        #expect(Double(mistaken) / Double(others.count) < (capacity < 1000 ? 0.08 : 0.04))
        #expect(filter.memoryBytes <= max(32, capacity))
    }

    @Test func anEmptyOneHoldsNothing() {
        let filter = KeyFilter(capacity: 1000)
        #expect((0..<1000).allSatisfy { !filter.mayHold(hash($0).low) })
    }
}
