import Foundation
import HubStore
import Testing

private let one = ServerID(1)
private let two = ServerID(2)

@Suite struct RelayStoreTests {
    private func items(_ numbers: ClosedRange<UInt64>) -> [RelayStore.Item] {
        numbers.map {
            .init(
                sequence: ChunkSequence($0), header: [1, 2], commands: [UInt8](repeating: UInt8($0 & 255), count: 98))
        }
    }

    private func numbers(_ store: RelayStore, from first: UInt64 = 0, maximumBytes: Int = .max) throws -> [UInt64] {
        try store.read(from: ChunkSequence(first), maximumBytes: maximumBytes).map(\.0.rawValue)
    }

    @Test func aNewStoreBeginsWithChunkOne() throws {
        try withTemporaryDirectory { path in
            let store = try RelayStore(path: path)
            #expect(store.first == ChunkSequence(1) && store.next == ChunkSequence(1) && store.owner.isEmpty)
            #expect(try numbers(store) == [])
        }
    }

    @Test func chunksAreReadInOrderUpToTheLimit() throws {
        try withTemporaryDirectory { path in
            var store = try RelayStore(path: path)
            try store.write(items(1...300))
            #expect(try numbers(store) == Array(1...300))
            #expect(try numbers(store, from: 255, maximumBytes: 250) == [255, 256, 257])
            #expect(try numbers(store, from: 7, maximumBytes: 1) == [7])
            #expect(try numbers(store, from: 301) == [])
            #expect(
                try store.read(from: ChunkSequence(5), maximumBytes: 1).first?.1 == [1, 2]
                    + Array(repeating: 5, count: 98))
        }
    }

    @Test func everythingIsThereAfterReopening() throws {
        try withTemporaryDirectory { path in
            let progress = BinlogProgress(firstOpenFile: 3, singles: [BinlogPosition(file: 3, offset: 20002)])
            let cursor = RelayStore.Cursor(acknowledged: ChunkSequence(2), run: "4711")
            do {
                var store = try RelayStore(path: path)
                try store.own("hub 1")
                try store.write(
                    items(1...5), received: [one: progress], cursors: [two: cursor], dropThrough: ChunkSequence(2))
            }
            let store = try RelayStore(path: path)
            #expect(store.first == ChunkSequence(3) && store.next == ChunkSequence(6))
            #expect(store.owner == "hub 1")
            #expect(store.received == [one: progress] && store.cursors == [two: cursor])
            #expect(try numbers(store) == [3, 4, 5])
        }
    }

    /// Nothing is synced; what was written survives the end of the process all the same.
    @Test func aKilledProcessLosesNothing() throws {
        try withTemporaryDirectory { path in
            let copy = path + "/copy"
            var store = try RelayStore(path: path + "/relay")
            try store.write(items(1...5), received: [one: BinlogProgress(firstOpenFile: 3)])
            try store.write([], cursors: [two: .init(acknowledged: ChunkSequence(4), run: "")])
            // What a kill leaves behind is what the files hold while the store is open.
            try FileManager.default.copyItem(atPath: path + "/relay", toPath: copy)
            let revived = try RelayStore(path: copy)
            #expect(try numbers(revived) == [1, 2, 3, 4, 5])
            #expect(revived.received == store.received && revived.cursors == store.cursors)
            withExtendedLifetime(store) {}
        }
    }

    private func bulk(_ numbers: ClosedRange<UInt64>) -> [RelayStore.Item] {
        numbers.map {
            .init(sequence: ChunkSequence($0), header: [1, 2], commands: [UInt8](repeating: 7, count: 1 << 20))
        }
    }

    /// What a process leaves behind that is killed now. While a flush ends, files come and go under a copy's hands.
    private func revived(_ path: String, _ name: String) throws -> RelayStore {
        func copied(_ attempt: Int) throws -> RelayStore {
            let copy = "\(path)/\(name)-\(attempt)"
            try FileManager.default.copyItem(atPath: path + "/relay", toPath: copy)
            return try RelayStore(path: copy)
        }
        for attempt in 1..<100 {
            if let store = try? copied(attempt) { return store }
        }
        return try copied(100)
    }

    /// Much at once, and what follows it, is there after a kill from the next `persist` on, and before that not at all.
    @Test func bulkSurvivesAKillOnceItIsPersisted() throws {
        try withTemporaryDirectory { path in
            var store = try RelayStore(path: path + "/relay")
            try store.write(items(1...5), received: [one: BinlogProgress(firstOpenFile: 3)])
            #expect(!store.isBulk)
            try store.write(bulk(6...9), received: [one: BinlogProgress(firstOpenFile: 4)])
            try store.write(
                items(10...12), received: [one: BinlogProgress(firstOpenFile: 5)],
                cursors: [two: .init(acknowledged: ChunkSequence(11), run: "")])
            #expect(store.isBulk)
            #expect(try numbers(store) == Array(1...12))
            let early = try revived(path, "early")
            #expect(try numbers(early) == Array(1...5))
            #expect(early.received == [one: BinlogProgress(firstOpenFile: 3)] && early.cursors.isEmpty)
            #expect(early.next == ChunkSequence(6))

            try store.persist()
            #expect(!store.isBulk)
            try store.write(items(13...13), received: [one: BinlogProgress(firstOpenFile: 6)])
            let late = try revived(path, "late")
            #expect(try numbers(late) == Array(1...13))
            #expect(late.received == store.received && late.cursors == store.cursors)
            withExtendedLifetime(store) {}
        }
    }

    /// RocksDB flushes chunks whenever a memtable is full; only with their places they count.
    @Test func aKillInLongBulkLeavesWhatWasPersisted() throws {
        try withTemporaryDirectory { path in
            var store = try RelayStore(path: path + "/relay")
            for number in 1...60 as ClosedRange<UInt64> {
                try store.write(
                    bulk(number * 2 - 1...number * 2), received: [one: BinlogProgress(firstOpenFile: UInt32(number))],
                    dropThrough: ChunkSequence(number / 2))
                if number == 25 { try store.persist() }
            }
            let killed = try revived(path, "killed")
            #expect(killed.received == [one: BinlogProgress(firstOpenFile: 25)])
            #expect(killed.next == ChunkSequence(51))
            // What everyone had before the kill may be gone.
            #expect(killed.first > ChunkSequence(12) && killed.first <= ChunkSequence(31))
            #expect(try numbers(killed) == Array(killed.first.rawValue...50))
            try store.persist()
            #expect(try numbers(try revived(path, "end")) == Array(31...120))
            #expect(try numbers(store) == Array(31...120))
        }
    }

    /// However small the steps are in which a destination takes what was kept for it.
    @Test(arguments: [2, 300] as [UInt64]) func theDiskIsFreeAgain(_ step: UInt64) throws {
        try withTemporaryDirectory { path in
            var store = try RelayStore(path: path)
            for number in stride(from: 1, to: 300, by: 6) as StrideTo<UInt64> {
                try store.write(bulk(number...number + 5))
            }
            try store.persist()
            #expect(store.bytesOnDisk > 250_000_000)
            for last in stride(from: step, through: 300, by: Int(step)) as StrideThrough<UInt64> {
                try store.write([], dropThrough: ChunkSequence(last))
            }
            // What is left lies at the first level, where RocksDB deletes no files.
            #expect(store.bytesOnDisk < 120_000_000)
        }
    }

    /// Each flush of bulk leaves one in which a few bytes of places are.
    @Test func writeAheadLogsDoNotPileUp() throws {
        try withTemporaryDirectory { path in
            var store = try RelayStore(path: path)
            let logs = { try FileManager.default.contentsOfDirectory(atPath: path).count { $0.hasSuffix(".log") } }
            for number in 1...130 as ClosedRange<UInt64> {
                try store.write(bulk(number...number), received: [one: BinlogProgress(firstOpenFile: UInt32(number))])
                try store.persist()
            }
            let deadline = Date.now + 10
            while try logs() > 70, Date.now < deadline {}
            #expect(try logs() <= 70)
        }
    }

    private func change(_ path: String, _ body: (RocksDatabase, inout WriteBatch) -> Void) throws {
        let database = try RocksDatabase(path: path, families: RelayStore.families)
        var batch = WriteBatch()
        body(database, &batch)
        try database.write(batch, sync: false)
    }

    /// The process ended after the deletions in bulk were flushed, and before the places were written.
    @Test(arguments: [4, 10] as [UInt8]) func whatWasDroppedInBulkIsGone(_ last: UInt8) throws {
        try withTemporaryDirectory { path in
            do {
                var store = try RelayStore(path: path)
                let large = items(1...10).map { item in
                    var item = item
                    item.commands = [UInt8](repeating: 1, count: 70_000)
                    return item
                }
                try store.write(large, cursors: [two: .init(acknowledged: ChunkSequence(2), run: "")])
                #expect(!store.isBulk)
            }
            try change(path) { database, batch in
                for key in 1...last { batch.delete([0, 0, 0, 0, 0, 0, 0, key], in: database.family()) }
            }
            for readOnly in [true, false] {
                let store = try RelayStore(path: path, readOnly: readOnly)
                #expect(store.first == ChunkSequence(UInt64(last) + 1) && store.next == ChunkSequence(11))
            }
            var store = try RelayStore(path: path)
            try store.write(items(11...11))
            #expect(try numbers(store) == Array(UInt64(last) + 1...11))
        }
    }

    /// From before the end of what counts was kept.
    @Test func aLogOfAnOlderVersionHasAnEndOnceItIsOwned() throws {
        try withTemporaryDirectory { path in
            do {
                var store = try RelayStore(path: path + "/relay")
                try store.write(items(1...5), received: [one: BinlogProgress(firstOpenFile: 3)])
            }
            try change(path + "/relay") { $1.delete(Array("n".utf8), in: $0.family("places")) }
            var store = try RelayStore(path: path + "/relay")
            #expect(store.next == ChunkSequence(6))
            try store.own("hub 1")
            try store.write(bulk(6...60), received: [one: BinlogProgress(firstOpenFile: 4)])
            let killed = try revived(path, "killed")
            #expect(killed.next == ChunkSequence(6) && killed.received == [one: BinlogProgress(firstOpenFile: 3)])
            #expect(try numbers(killed) == Array(1...5))
            withExtendedLifetime(store) {}
        }
    }

    /// They were flushed, and the process ended before their places were.
    @Test func chunksWithoutTheirPlacesDoNotCount() throws {
        try withTemporaryDirectory { path in
            do {
                var store = try RelayStore(path: path)
                try store.write(items(1...3))
            }
            try change(path) { database, batch in
                for key in 4...6 as ClosedRange<UInt8> {
                    batch.put([0, 0, 0, 0, 0, 0, 0, key], [1, 9, key], in: database.family())
                }
            }
            #expect(try numbers(try RelayStore(path: path, readOnly: true)) == [1, 2, 3])
            var store = try RelayStore(path: path)
            #expect(store.next == ChunkSequence(4))
            try store.write(items(4...4))
            #expect(try numbers(store) == [1, 2, 3, 4])
            #expect(try store.read(from: ChunkSequence(4), maximumBytes: 1).first?.1.count == 100)
        }
    }

    /// Chunks that everyone had before they were written are left out.
    @Test func numbersGoOnBehindWhatWasNeverWritten() throws {
        try withTemporaryDirectory { path in
            do {
                var store = try RelayStore(path: path)
                try store.write(items(1...2))
                try store.write(items(8...9), dropThrough: ChunkSequence(7))
                #expect(store.first == ChunkSequence(8) && store.next == ChunkSequence(10))
                try store.write([], dropThrough: ChunkSequence(20))
                #expect(store.next == ChunkSequence(21))
            }
            var store = try RelayStore(path: path)
            #expect(store.first == ChunkSequence(21) && store.next == ChunkSequence(21))
            try store.write(items(23...24), dropThrough: ChunkSequence(22))
            #expect(try numbers(store) == [23, 24])
        }
    }

    @Test(arguments: [3, 1500] as [UInt64])
    func droppedChunksAreGone(_ last: UInt64) throws {
        try withTemporaryDirectory { path in
            var store = try RelayStore(path: path)
            try store.write(items(1...last + 2))
            try store.write([], dropThrough: ChunkSequence(last))
            #expect(store.first == ChunkSequence(last + 1))
            #expect(try numbers(store) == [last + 1, last + 2])
            try store.write([], dropThrough: ChunkSequence(last - 1))
            #expect(store.first == ChunkSequence(last + 1), "never backwards")
        }
    }

    /// A value holds many small chunks; those of it that are dropped are not read again, also by another process.
    @Test func aDropEndsInTheMiddleOfAGroup() throws {
        try withTemporaryDirectory { path in
            do {
                var store = try RelayStore(path: path)
                try store.write(items(1...700))
                #expect(try numbers(store, from: 655, maximumBytes: 250) == [655, 656, 657])
                try store.write([], dropThrough: ChunkSequence(650))
                #expect(try numbers(store, maximumBytes: 250) == [651, 652, 653])
            }
            var store = try RelayStore(path: path)
            #expect(store.first == ChunkSequence(651) && store.next == ChunkSequence(701))
            #expect(try numbers(store) == Array(651...700))
            try store.write(items(701...702), dropThrough: ChunkSequence(699))
            #expect(try numbers(store) == [700, 701, 702])
        }
    }

    /// Large chunks stand by themselves between groups of small ones.
    @Test func chunksOfAllSizesComeBackAsTheyWere() throws {
        try withTemporaryDirectory { path in
            var store = try RelayStore(path: path)
            let sizes = [10, 70_000, 20, 30, 65_000, 600, 65_536, 1, 64_000, 2_000]
            let items = sizes.enumerated().map { index, size in
                RelayStore.Item(
                    sequence: ChunkSequence(UInt64(index) + 1), header: [1, UInt8(index)],
                    commands: [UInt8](repeating: UInt8(size & 255), count: size))
            }
            try store.write(items)
            let read = try store.read(from: ChunkSequence(1), maximumBytes: .max)
            #expect(read.map(\.0) == items.map(\.sequence))
            #expect(read.map(\.1) == items.map { $0.header + $0.commands })
        }
    }

    @Test(arguments: [[0], [0, 1, 0, 0], [0, 5, 0, 0, 0, 1], [0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 9]] as [[UInt8]])
    func aDamagedGroupIsAnError(_ value: [UInt8]) throws {
        try withTemporaryDirectory { path in
            do {
                var store = try RelayStore(path: path)
                try store.write(items(1...3))
            }
            try change(path) { $1.put([0, 0, 0, 0, 0, 0, 0, 3], value, in: $0.family()) }
            let store = try RelayStore(path: path)
            #expect(throws: StoreError.self) { try store.read(from: ChunkSequence(1), maximumBytes: .max) }
        }
    }

    @Test func numbersGoOnWhenEverythingWasDropped() throws {
        try withTemporaryDirectory { path in
            do {
                var store = try RelayStore(path: path)
                try store.write(items(1...5))
                try store.write([], dropThrough: ChunkSequence(5))
            }
            var store = try RelayStore(path: path)
            #expect(store.first == ChunkSequence(6) && store.next == ChunkSequence(6))
            try store.write(items(6...6))
            #expect(try numbers(store) == [6])
        }
    }

    @Test func startingOverForgetsEverythingButTheNumbers() throws {
        try withTemporaryDirectory { path in
            do {
                var store = try RelayStore(path: path)
                try store.own("hub 1")
                try store.write(
                    items(1...5), received: [one: BinlogProgress(firstOpenFile: 3)],
                    cursors: [two: .init(acknowledged: ChunkSequence(4), run: "")])
                try store.start(over: "hub 2")
                #expect(try numbers(store) == [])
            }
            var store = try RelayStore(path: path)
            #expect(store.owner == "hub 2" && store.cursors.isEmpty && store.received.isEmpty)
            #expect(store.first == ChunkSequence(6) && store.next == ChunkSequence(6))
            try store.write(items(6...7))
            #expect(try numbers(store) == [6, 7])
        }
    }

    @Test func owningKeepsWhatIsThere() throws {
        try withTemporaryDirectory { path in
            var store = try RelayStore(path: path)
            try store.write(items(1...5))
            try store.own("hub 1")
            #expect(store.owner == "hub 1")
            #expect(try numbers(store) == [1, 2, 3, 4, 5])
        }
    }
}
