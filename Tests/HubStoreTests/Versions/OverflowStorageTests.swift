import Foundation
import HubStore
import Testing

/// What both kinds of storage do.
@Suite struct OverflowStorageTests {
    private func read(
        _ storage: any OverflowStorage, _ count: Int, of generation: UInt64, at offset: Int
    ) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        try bytes.withUnsafeMutableBytes { try storage.read($0, of: generation, at: offset) }
        return bytes
    }

    /// Of a size that is no number of whole pages.
    private func generation(_ number: UInt64) -> [UInt8] {
        (0..<300_000).map { UInt8(truncatingIfNeeded: $0 / 1000 + Int(number)) }
    }

    private func with(inMemory: Bool, _ body: (any OverflowStorage) throws -> Void) throws {
        guard !inMemory else { return try body(OverflowMemory()) }
        try withTemporaryDirectory { path in
            try body(OverflowDatabase(path: path + "/versions", memoryBytes: 1 << 20) { $0() })
        }
    }

    @Test(arguments: [false, true])
    func givesBackWhatWasWritten(_ inMemory: Bool) throws {
        try with(inMemory: inMemory) { storage in
            for number in 1...20 as ClosedRange<UInt64> {
                let bytes = generation(number)
                guard number.isMultiple(of: 2) else {
                    try bytes.withUnsafeBytes { try storage.write($0, of: number) }
                    continue
                }
                let write = storage.writeSoon(number) { use in bytes.withUnsafeBytes { use($0) } }
                #expect(write.outcome == .written)
            }
            // Within a page, across two, and to the end.
            for (offset, count) in [(0, 1), (4090, 512), (8192, 4096), (299_000, 1000)] {
                for number in [1, 2, 19, 20] as [UInt64] {
                    #expect(
                        try read(storage, count, of: number, at: offset)
                            == Array(generation(number)[offset..<offset + count]))
                }
            }
            try storage.remove(before: 19)
            #expect(try read(storage, 3, of: 19, at: 1000) == [20, 20, 20])
        }
    }

    @Test(arguments: [false, true])
    func whatIsNotThereIsAnError(_ inMemory: Bool) throws {
        try with(inMemory: inMemory) { storage in
            try generation(1).withUnsafeBytes { try storage.write($0, of: 1) }
            for (number, offset) in [(2, 0), (1, 299_999)] as [(UInt64, Int)] {
                #expect {
                    try read(storage, 2, of: number, at: offset)
                } throws: { error in
                    if case .corruption? = error as? StoreError { true } else { false }
                }
            }
        }
    }

    /// Files of generations that are not needed go while the storage is in use, and the rest with it.
    @Test func theDiskIsFreeAgain() async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("versions-\(UUID().uuidString)").path
        // A file that goes meanwhile has none.
        let size = {
            try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(".sst") }.reduce(0) {
                $0 + ((try? FileManager.default.attributesOfItem(atPath: "\(path)/\($1)")[.size]) as? Int ?? 0)
            }
        }
        let storage = try OverflowDatabase(path: path, memoryBytes: 1 << 20) { $0() }
        for number in 1...100 as ClosedRange<UInt64> {
            try generation(number).withUnsafeBytes { try storage.write($0, of: number) }
        }
        #expect(try size() > 20_000_000)
        // RocksDB moves its files to where they can be removed in a thread of its own.
        let deadline = Date.now + 20
        repeat {
            try storage.remove(before: 101)
        } while try size() > 5_000_000 && Date.now < deadline
        #expect(try size() <= 5_000_000)
        await storage.close()
        #expect(!FileManager.default.fileExists(atPath: path))
        #expect(throws: StoreError.self) { try read(storage, 1, of: 100, at: 0) }
        #expect(throws: StoreError.self) { try generation(1).withUnsafeBytes { try storage.write($0, of: 101) } }
    }

    @Test func whatAnotherProcessHasLeftIsRemoved() throws {
        try withTemporaryDirectory { path in
            let file = path + "/file"
            #expect(FileManager.default.createFile(atPath: file, contents: nil))
            for place in [file, path + "/missing"] {
                try OverflowDatabase.remove(place)
                #expect(!FileManager.default.fileExists(atPath: place))
            }
        }
        try withTemporaryDirectory { path in
            do {
                let database = try RocksDatabase(path: path + "/versions")
                var batch = WriteBatch()
                batch.put([UInt8](repeating: 0, count: 12), [1], in: database.family())
                try database.write(batch, sync: true)
            }
            let storage = try OverflowDatabase(path: path + "/versions", memoryBytes: 1 << 20) { $0() }
            #expect(throws: StoreError.self) { try read(storage, 1, of: 0, at: 0) }
        }
    }

    /// RocksDB learns of a disk that fails when it flushes; what is written afterwards must not wait for it for good.
    @Test func aDiskThatFailsIsAnError() throws {
        try withTemporaryDirectory { path in
            let storage = try OverflowDatabase(path: path + "/versions", memoryBytes: 1 << 20) { $0() }
            try FileManager.default.removeItem(atPath: path + "/versions")
            #expect(throws: StoreError.self) {
                for number in 1...1000 as ClosedRange<UInt64> {
                    try generation(number).withUnsafeBytes { try storage.write($0, of: number) }
                }
            }
        }
    }

    @Test func aPlaceThatIsMissingIsNamed() {
        #expect {
            try OverflowDatabase(path: "/dev/null/versions", memoryBytes: 1 << 20) { $0() }
        } throws: { "\($0)".contains("/dev/null/versions") }
    }
}
