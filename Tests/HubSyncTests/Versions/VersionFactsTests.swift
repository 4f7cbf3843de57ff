import HubStore
import Testing

@testable import HubSync

@Suite struct VersionFactsTests {
    private func facts(
        seconds: UInt32 = 10, isCovered: Bool = false, sources: [Int] = [1], offset: UInt64 = 100, sequence: UInt64 = 5
    ) -> VersionFacts {
        let slots = sources.map { source in
            VersionSlot(
                KeyVersion(
                    seconds: seconds, counter: 0, effect: .whole, mayBeCovered: isCovered, source: ServerID(7), file: 2,
                    offset: offset, sequence: ChunkSequence(sequence)),
                of: KeyHash(high: 0, low: UInt64(source)), source: source
            ).inRound(3)
        }
        var facts = VersionFacts()
        // A place of another round is free.
        (slots + [VersionSlot()]).withUnsafeBufferPointer { facts.add($0, of: 3) }
        return facts
    }

    private let writes = VersionFacts.Writes(
        place: BinlogPosition(file: 2, offset: 101), seconds: 11, followed: ChunkSequence(4))

    @Test func earlierWritesOfTheSameServerCannotMatter() {
        #expect(facts().cannotMatter(to: writes, by: 1))
    }

    @Test func whatIsFollowedCannotMatter() {
        #expect(facts(isCovered: true, sources: [1, 2], offset: 500, sequence: 4).cannotMatter(to: writes, by: 3))
    }

    @Test func allElseMatters() {
        #expect(!facts(sources: [2]).cannotMatter(to: writes, by: 1))
        #expect(!facts(sources: [1, 2]).cannotMatter(to: writes, by: 1))
        #expect(!facts(isCovered: true).cannotMatter(to: writes, by: 1))
        #expect(!facts(offset: 101).cannotMatter(to: writes, by: 1))
        #expect(!facts(seconds: 11).cannotMatter(to: writes, by: 1))
        #expect(!facts(seconds: 11, sequence: 4).cannotMatter(to: writes, by: 1))
    }

    @Test func generationsAddUp() {
        var both = facts()
        let slot = VersionSlot(
            KeyVersion(
                seconds: 1, counter: 0, effect: .whole, mayBeCovered: false, source: ServerID(8), file: 0, offset: 0,
                sequence: ChunkSequence(1)),
            of: KeyHash(high: 0, low: 0), source: 2)
        [slot.inRound(1)].withUnsafeBufferPointer { both.add($0, of: 1) }
        #expect(!both.cannotMatter(to: writes, by: 1))
        #expect(both.isSettled(through: ChunkSequence(5)) && !both.isSettled(through: ChunkSequence(4)))
    }
}
