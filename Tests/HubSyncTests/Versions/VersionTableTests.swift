import HubStore
import Synchronization
import Testing

@testable import HubSync

@Suite struct VersionTableTests {
    /// Two generations of 8 places, of which 6 are used.
    private let storage = OverflowMemory()
    private var table: VersionTable
    private let generation: UInt64 = 6
    private let nothing = ChunkSequence(0)

    init() { table = VersionTable(memoryBytes: 0, overflow: storage) }

    private func version(_ number: UInt64, sequence: UInt64? = nil) -> KeyVersion {
        KeyVersion(
            seconds: UInt32(number), counter: 7, effect: .commuting, mayBeCovered: number.isMultiple(of: 2),
            source: ServerID(9 + UInt32(number % 3)), file: 4, offset: number << 33,
            sequence: ChunkSequence(sequence ?? number))
    }

    private func hash(_ number: UInt64) -> KeyHash {
        KeyHash(high: number &* 0x9E37_79B9_7F4A_7C15, low: (number + 1) &* 0xD6E8_FEB8_6659_FD93)
    }

    private mutating func fill(_ numbers: Range<UInt64>, settled: UInt64 = 0) {
        for number in numbers { table.set(version(number), of: hash(number), settled: ChunkSequence(settled)) }
    }

    @Test mutating func everyFieldIsKeptInMemoryAndBeyond() {
        fill(1..<1000)
        for number in UInt64(1)..<1000 { #expect(table.version(of: hash(number)) == version(number)) }
        #expect(table.version(of: hash(1000)) == nil)
        #expect(table.count == 999 && table.overflowCount == 990 && table.forgottenUnsettled == 0)
    }

    @Test(arguments: [KeyVersion.Effect.whole, .expiry, .commuting, .operation])
    mutating func theLargestValuesAreKept(_ effect: KeyVersion.Effect) {
        let largest = KeyVersion(
            seconds: .max, counter: .max, effect: effect, mayBeCovered: true, source: ServerID(.max), file: .max,
            offset: 1 << 48 - 1, sequence: ChunkSequence(1 << 44 - 1))
        table.set(largest, of: hash(1), settled: nothing)
        #expect(table.version(of: hash(1)) == largest)
        var larger = largest
        larger.offset = .max
        larger.sequence = ChunkSequence(.max)
        table.set(larger, of: hash(1), settled: nothing)
        #expect(table.version(of: hash(1)) == largest)
    }

    @Test mutating func anEmptyTableKnowsNothing() {
        #expect(table.version(of: hash(1)) == nil && table.count == 0 && table.touch(hash(1)) == 0)
    }

    @Test mutating func aNewerVersionReplacesTheOlder() {
        fill(1..<2)
        table.set(version(5), of: hash(1), settled: nothing)
        #expect(table.version(of: hash(1)) == version(5) && table.count == 1)
    }

    @Test mutating func keysThatShareAPlaceStayApart() {
        let hashes = [KeyHash(high: 7, low: 1), KeyHash(high: 7, low: 2), KeyHash(high: 7 + 1024, low: 3)]
        for (number, hash) in hashes.enumerated() {
            table.set(version(UInt64(number)), of: hash, settled: nothing)
        }
        // In memory, and after they have gone to the overflow.
        for _ in 0..<2 {
            for (number, hash) in hashes.enumerated() { #expect(table.version(of: hash) == version(UInt64(number))) }
            fill(100..<200)
        }
    }

    @Test mutating func aRewrittenVersionIsFoundBeforeTheOldOnes() {
        for round in UInt64(0)..<50 {
            table.set(version(5000 + round), of: hash(0), settled: nothing)
            fill(1 + round * 10..<11 + round * 10)
            #expect(table.version(of: hash(0)) == version(5000 + round))
        }
    }

    /// Clearing only counts on; after so many times the places have to be made free in earnest.
    @Test mutating func nothingComesBackHoweverOftenTheTableIsCleared() {
        for round in UInt64(0)..<300 {
            fill(round..<round + 5)
            for number in round..<round + 5 { #expect(table.version(of: hash(number)) != nil) }
            table.forget(settled: ChunkSequence(.max))
            table.forget(settled: ChunkSequence(.max))
            #expect(table.count == 0 && (0..<310).allSatisfy { table.version(of: hash($0)) == nil })
        }
    }

    @Test mutating func theSettledIsNotKept() {
        fill(1..<2 * generation + 2, settled: generation)
        #expect(table.version(of: hash(1)) == nil && table.version(of: hash(generation + 1)) != nil)
        #expect(table.overflowCount == 0 && storage.size == 0)
    }

    @Test mutating func whatIsSettledIsForgottenAsAWhole() {
        fill(1..<6)
        table.forget(settled: ChunkSequence(4))
        table.forget(settled: ChunkSequence(4))
        #expect(table.count == 5 && table.version(of: hash(1)) == version(1))
        table.forget(settled: ChunkSequence(5))
        #expect(table.count == 0 && table.version(of: hash(1)) == nil)
    }

    @Test mutating func theOverflowForgetsWhatIsSettled() {
        fill(1..<1001)
        let size = storage.size
        table.forget(settled: ChunkSequence(500))
        #expect(table.overflowCount < 500 && table.version(of: hash(501)) == version(501))
        #expect(storage.size < size * 6 / 10 && table.overflowBytes == storage.size)
        fill(1001..<1400)
        for _ in 0..<4 { table.forget(settled: ChunkSequence(2000)) }
        #expect(table.count == 0 && storage.size == 0 && table.overflowBytes == 0)
        #expect(table.memoryBytes == VersionTable(memoryBytes: 0, overflow: storage).memoryBytes)
    }

    @Test mutating func withoutFiltersEverythingIsStillFound() {
        fill(0..<3000)
        // 8 bits for each key would be 3000 bytes: the budget is long exceeded, and those of the newest stay.
        #expect(table.memoryBytes < 2500)
        #expect((0..<3000).allSatisfy { table.version(of: hash($0)) == version($0) })
    }

    /// Whatever room the filters have, from hardly any to plenty.
    @Test(arguments: [1, 4, 8, 16]) mutating func filtersOfAllSizesFindEverything(_ kilobytes: Int) {
        table = VersionTable(memoryBytes: kilobytes << 10, overflow: storage)
        fill(0..<5_000)
        #expect((0..<5_000).allSatisfy { table.version(of: hash($0)) == version($0) })
        #expect((5_000..<5_100).allSatisfy { table.version(of: hash($0)) == nil })
        #expect(kilobytes < 16 || table.memoryBytes <= kilobytes << 10)
    }

    @Test mutating func whatCannotBeWrittenIsCountedAndSaid() {
        table = VersionTable(memoryBytes: 0, overflow: OverflowMemory(limit: 300))
        fill(1..<100)
        table.forget(settled: nothing)
        #expect(table.forgottenUnsettled == 84 && table.overflowCount == 6)
        #expect(table.takeFailure() == .noSpace(during: "writing to memory", text: "300 bytes"))
        #expect(table.takeFailure() == nil)
        #expect(table.version(of: hash(1)) == version(1) && table.version(of: hash(50)) == nil)
    }

    @Test mutating func whatCannotBeReadIsCountedAndSaid() throws {
        fill(1..<100)
        storage.remove(before: 5)
        #expect(table.version(of: hash(80)) == version(80))
        #expect(table.version(of: hash(20)) == nil && table.forgottenUnsettled > 0 && table.takeFailure() != nil)
        #expect(table.version(of: hash(99)) == version(99))
    }

    @Test(arguments: [101, 1001]) mutating func whatIsBeingWrittenIsFoundInMemory(_ end: UInt64) {
        let slow = SlowStorage()
        table = VersionTable(memoryBytes: 0, overflow: slow)
        fill(1..<end)
        // Two generations wait; the others were written before anything went on.
        #expect(slow.waiting == 2 && table.count == Int(end) - 1)
        #expect((1..<end).allSatisfy { table.version(of: hash($0)) == version($0) })
        // What it lies in is not given to another one meanwhile.
        table.forget(settled: ChunkSequence(2000))
        #expect(table.overflowCount > 0 && table.version(of: hash(1)) == version(1))
        slow.catchUp()
        for _ in 0..<4 { table.forget(settled: ChunkSequence(2000)) }
        #expect(table.count == 0 && table.overflowBytes == 0)
    }

    @Test mutating func oneVersionThatIsGoneKeepsNothingFromBeingLeftOut() {
        let ahead = KeyVersion(
            seconds: .max, counter: 0, effect: .whole, mayBeCovered: true, source: ServerID(2), file: 9, offset: 0,
            sequence: ChunkSequence(1))
        table.set(ahead, of: hash(0), settled: nothing)
        fill(2..<400)
        let writes = VersionFacts.Writes(
            place: BinlogPosition(file: 9, offset: 0), seconds: 1000, followed: ChunkSequence(1000))
        #expect(table.reach(of: writes, by: ServerID(1)) == .everything)
        table.forget(settled: ChunkSequence(100))
        #expect(table.overflowCount > 200 && table.reach(of: writes, by: ServerID(1)) != .everything)
    }

    /// Its earlier places say nothing about the new ones.
    @Test mutating func whatASourceWroteBeforeItStartedOverComesBeforeAllElse() {
        fill(1..<400)
        table.startOver(ServerID(9))
        table.set(version(1002), of: hash(1002), settled: nothing)
        for number in [UInt64(3), 396] {
            let known = table.version(of: hash(number))
            #expect(known?.source == ServerID(9) && known?.offset == 0 && known?.file == 0)
            #expect(known?.sequence == version(number).sequence)
        }
        #expect(table.version(of: hash(4)) == version(4) && table.version(of: hash(1002)) == version(1002))
    }

    @Test mutating func whatCannotHaveBeenWrittenIsAnError() {
        fill(1..<100)
        // Of the first round, and of a source that was never there.
        [UInt64](repeating: .max << 5 | 1, count: 512).withUnsafeBytes { bytes in
            #expect(throws: Never.self) { try storage.write(bytes, of: 1) }
        }
        #expect((1..<99).contains { table.version(of: hash($0)) == nil })
        #expect(table.forgottenUnsettled > 0 && table.takeFailure() != nil)
    }

    @Test mutating func whatCouldNotBeWrittenAfterAllIsCounted() {
        let slow = SlowStorage(limit: 0)
        table = VersionTable(memoryBytes: 0, overflow: slow)
        fill(1..<19)
        #expect(table.forgottenUnsettled == 0 && table.version(of: hash(1)) == version(1))
        slow.catchUp()
        table.forget(settled: nothing)
        #expect(table.forgottenUnsettled == generation && table.takeFailure() != nil)
        #expect(table.version(of: hash(1)) == nil && table.version(of: hash(18)) == version(18))
    }

    @Test(arguments: [(1 << 20, 1024), (112 << 20, 131_072)])
    func theBudgetIsKept(_ bytes: Int, _ places: Int) {
        let table = VersionTable(memoryBytes: bytes, overflow: storage)
        #expect(table.memoryBytes == 2 * places * 32 && table.memoryBytes <= bytes)
    }
}

/// Writes when it is told to.
private final class SlowStorage: OverflowStorage {
    private let memory: OverflowMemory
    private let works = Mutex<[@Sendable () -> Void]>([])

    init(limit: Int = .max) { memory = OverflowMemory(limit: limit) }

    var waiting: Int { works.withLock(\.count) }

    func catchUp() {
        for work in works.withLock({ $0 }) { work() }
        works.withLock { $0 = [] }
    }

    func writeSoon(_ generation: UInt64, _ lend: @escaping OverflowWrite.Lend) -> OverflowWrite {
        let write = OverflowWrite()
        works.withLock { [memory] works in works.append { write.perform(on: memory, of: generation, lend) } }
        return write
    }

    func write(_ bytes: UnsafeRawBufferPointer, of generation: UInt64) throws(StoreError) {
        try memory.write(bytes, of: generation)
    }

    func read(
        _ bytes: UnsafeMutableRawBufferPointer, of generation: UInt64, at offset: Int
    ) throws(StoreError) {
        try memory.read(bytes, of: generation, at: offset)
    }

    func remove(before first: UInt64) { memory.remove(before: first) }
}
