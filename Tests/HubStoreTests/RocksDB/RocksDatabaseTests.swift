import Foundation
import HubStore
import Testing

@Suite struct RocksDatabaseTests {
    @Test func batchIsThereAfterReopening() throws {
        try withTemporaryDirectory { path in
            do {
                let database = try RocksDatabase(path: path, families: ["extra"])
                var batch = WriteBatch()
                batch.put([1], [10], in: database.family())
                batch.put([2], [20], in: database.family("extra"))
                batch.put([3], [], in: database.family())
                batch.delete([3], in: database.family())
                try database.write(batch, sync: true)
            }
            let database = try RocksDatabase(path: path, families: ["extra"])
            #expect(try database.get([1], in: database.family()) == [10])
            #expect(try database.get([2], in: database.family("extra")) == [20])
            #expect(try database.get([3], in: database.family()) == nil)
        }
    }

    @Test func iteratorKeepsToItsBounds() throws {
        try withTemporaryDirectory { path in
            let database = try RocksDatabase(path: path)
            var batch = WriteBatch()
            for key in UInt8(0)..<10 { batch.put([key], [key], in: database.family()) }
            try database.write(batch, sync: false)
            var iterator = database.iterator(from: [3], to: [6], in: database.family())
            var seen: [UInt8] = []
            while let pair = try iterator.next() { seen += pair.key }
            #expect(seen == [3, 4, 5])
        }
    }

    @Test func partsAreJoined() throws {
        try withTemporaryDirectory { path in
            let database = try RocksDatabase(path: path)
            var batch = WriteBatch()
            let left: [UInt8] = [1, 2]
            let right: [UInt8] = [3]
            left.withUnsafeBytes { left in
                right.withUnsafeBytes { right in batch.put([0], parts: [left, right], in: database.family()) }
            }
            try database.write(batch, sync: false)
            #expect(try database.get([0], in: database.family()) == [1, 2, 3])
        }
    }

    @Test func aSecondOwnerIsRefused() throws {
        try withTemporaryDirectory { path in
            let first = try RocksDatabase(path: path)
            #expect {
                _ = try RocksDatabase(path: path)
            } throws: { error in
                if case .locked = error as? StoreError { true } else { false }
            }
            withExtendedLifetime(first) {}
        }
    }

    @Test func aFlippedByteInsideTheLogRefuses() throws {
        try withTemporaryDirectory { path in
            do {
                let database = try RocksDatabase(path: path)
                for key in UInt8(0)..<20 {
                    var batch = WriteBatch()
                    batch.put([key], [UInt8](repeating: key, count: 100), in: database.family())
                    try database.write(batch, sync: true)
                }
            }
            let log = try #require(
                try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(".log") }.sorted().last)
            let url = URL(fileURLWithPath: path).appendingPathComponent(log)
            var bytes = try Data(contentsOf: url)
            bytes[bytes.count / 2] ^= 0x40
            try bytes.write(to: url)
            #expect {
                _ = try RocksDatabase(path: path)
            } throws: { error in
                if case .corruption = error as? StoreError { true } else { false }
            }
        }
    }

    @Test func readOnlyOfNothingIsMissing() {
        var options = RocksOptions()
        options.readOnly = true
        #expect {
            _ = try RocksDatabase(path: "/nonexistent/pika_hub", options: options)
        } throws: { error in
            if case .missing = error as? StoreError { true } else { false }
        }
    }
}

/// Makes an empty directory for `body` and removes it afterwards.
func withTemporaryDirectory(_ body: (String) throws -> Void) throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("pika_hub-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    defer {
        do { try FileManager.default.removeItem(at: url) } catch { Issue.record("left behind \(url.path): \(error)") }
    }
    try body(url.path)
}
