import HubStore
import Testing

@testable import HubSync

@Suite struct VersionTableTests {
    /// The smallest table: two generations of 1024 places, of which 768 are used.
    private var table = VersionTable(memoryBytes: 0)
    private let generation = 768
    private let nothing = ChunkSequence(0)

    private func version(_ number: UInt64, sequence: UInt64? = nil) -> KeyVersion {
        KeyVersion(
            seconds: UInt32(number), counter: 7, effect: .commuting, wasEchoed: number.isMultiple(of: 2),
            source: ServerID(9), file: 4, offset: number << 33, sequence: ChunkSequence(sequence ?? number))
    }

    private func hash(_ number: UInt64) -> KeyHash { KeyHash(high: number &* 0x9E37_79B9_7F4A_7C15, low: number) }

    private mutating func fill(_ numbers: Range<UInt64>, settled: UInt64 = 0) {
        for number in numbers { table.set(version(number), of: hash(number), settled: ChunkSequence(settled)) }
    }

    @Test mutating func everyFieldIsKept() {
        fill(1..<700)
        for number in UInt64(1)..<700 { #expect(table.version(of: hash(number)) == version(number)) }
        #expect(table.version(of: hash(1000)) == nil)
        #expect(table.count == 699)
    }

    @Test func anEmptyTableKnowsNothingAndIsSmall() {
        #expect(table.version(of: hash(1)) == nil && table.count == 0 && table.touch(hash(1)) == 0)
    }

    @Test mutating func aNewerVersionReplacesTheOlder() {
        fill(1..<2)
        table.set(version(5), of: hash(1), settled: nothing)
        #expect(table.version(of: hash(1)) == version(5) && table.count == 1)
    }

    @Test mutating func keysThatShareAPlaceStayApart() {
        let left = KeyHash(high: 3, low: 1)
        let right = KeyHash(high: 3, low: 2)
        let third = KeyHash(high: 3 + 1024, low: 1)
        for (number, hash) in [left, right, third].enumerated() {
            table.set(version(UInt64(number)), of: hash, settled: nothing)
        }
        for (number, hash) in [left, right, third].enumerated() {
            #expect(table.version(of: hash) == version(UInt64(number)))
        }
    }

    @Test mutating func aFullGenerationBecomesTheOldOne() {
        fill(0..<UInt64(generation) + 1)
        #expect(table.version(of: hash(0)) == version(0))
        #expect(table.version(of: hash(UInt64(generation))) == version(UInt64(generation)))
        #expect(table.forgottenUnsettled == 0)
    }

    @Test mutating func aRewrittenVersionIsFoundBeforeTheOldOne() {
        fill(0..<UInt64(generation) + 1)
        table.set(version(5000), of: hash(0), settled: nothing)
        #expect(table.version(of: hash(0)) == version(5000))
    }

    /// Clearing only counts on; after so many times the places have to be made free in earnest.
    @Test mutating func nothingComesBackHoweverOftenTheTableIsCleared() {
        for round in UInt64(0)..<300 {
            fill(round..<round + 700)
            for number in round..<round + 700 { #expect(table.version(of: hash(number)) != nil) }
            table.forget(settled: ChunkSequence(.max))
            table.forget(settled: ChunkSequence(.max))
            #expect(table.count == 0 && (0..<1100).allSatisfy { table.version(of: hash($0)) == nil })
        }
    }

    @Test mutating func forgettingTheUnsettledIsCounted() {
        let full = UInt64(generation)
        fill(1..<2 * full + 2)
        #expect(table.version(of: hash(1)) == nil)
        #expect(table.version(of: hash(full + 1)) != nil)
        #expect(table.forgottenUnsettled == full)
    }

    @Test mutating func forgettingTheSettledIsNot() {
        let full = UInt64(generation)
        fill(1..<2 * full + 2, settled: full)
        #expect(table.forgottenUnsettled == 0)
    }

    @Test mutating func whatIsSettledIsForgottenAsAWhole() {
        fill(1..<101)
        table.forget(settled: ChunkSequence(99))
        #expect(table.version(of: hash(1)) == version(1))
        table.forget(settled: ChunkSequence(99))
        #expect(table.count == 100)
        table.forget(settled: ChunkSequence(100))
        #expect(table.count == 0 && table.version(of: hash(1)) == nil)
    }

    @Test(arguments: [(0, 1024), (1 << 20, 8192), (64 << 20, 524288)])
    func theBudgetIsKept(_ bytes: Int, _ places: Int) {
        let table = VersionTable(memoryBytes: bytes)
        #expect(table.memoryBytes == 2 * places * MemoryLayout<VersionTable.Slot>.stride)
        #expect(bytes == 0 || table.memoryBytes <= bytes)
    }
}
