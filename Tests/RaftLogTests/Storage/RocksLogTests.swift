import Foundation
import HubStore
import Testing

@testable import RaftLog

@Suite("The log on disk") struct RocksLogTests {
    private let identity = HubIdentity(hub: HubID(1), group: GroupID(2), incarnation: Incarnation(3))
    private let membership = Membership([Member(id: HubID(1), address: Address(host: "127.0.0.1", port: 1))])

    private func entries(_ range: ClosedRange<UInt64>, term: UInt64, bytes: Int = 3) -> [Entry] {
        range.map {
            Entry(index: LogIndex($0), term: Term(term), payload: .command([UInt8](repeating: UInt8($0), count: bytes)))
        }
    }

    private func ready(_ entries: [Entry], _ state: HardState, snapshot: Snapshot? = nil) -> Ready {
        var ready = Ready(hardState: state, mustSync: true, hardStateChanged: true)
        ready.entries = entries
        ready.snapshot = snapshot
        return ready
    }

    private func withLog(_ body: (String) throws -> Void) throws {
        let directory = try TemporaryDirectory()
        do {
            let log = try RocksLog(path: directory.path + "/raft")
            try log.initialise(identity, membership: membership)
        }
        try body(directory.path + "/raft")
        try directory.remove()
    }

    @Test func whatIsPersistedIsThereAfterReopening() throws {
        try withLog { path in
            let state = HardState(term: Term(2), vote: HubID(9), commit: LogIndex(1))
            do {
                let log = try RocksLog(path: path)
                try log.persist(ready(entries(1...5, term: 1), HardState(term: Term(1))))
                try log.persist(ready(entries(4...4, term: 2), state))
            }
            let log = try RocksLog(path: path)
            #expect(log.identity == identity)
            #expect(log.hardState == state)
            #expect(log.base.membership == membership)
            #expect(log.lastIndex == LogIndex(4))
            let expected = entries(1...3, term: 1) + entries(4...4, term: 2)
            #expect(try log.entries(from: LogIndex(1), through: LogIndex(4), maximumCost: .max) == expected)
            #expect(log.term(at: LogIndex(4)) == Term(2))
            #expect(log.term(at: LogIndex(5)) == nil)
        }
    }

    @Test func cutLogBeginsBehindTheCut() throws {
        try withLog { path in
            let cut = SnapshotMetadata(index: LogIndex(3), term: Term(1), membership: membership)
            do {
                let log = try RocksLog(path: path)
                try log.persist(ready(entries(1...5, term: 1), HardState(term: Term(1), commit: LogIndex(5))))
                try log.compact(to: cut)
                #expect(log.term(at: LogIndex(3)) == Term(1))
                #expect(log.term(at: LogIndex(2)) == nil)
            }
            let log = try RocksLog(path: path)
            #expect(log.base == cut)
            let rest = try log.entries(from: LogIndex(4), through: LogIndex(5), maximumCost: .max)
            #expect(rest == entries(4...5, term: 1))
        }
    }

    @Test func installedSnapshotReplacesTheLogAndStaysUntilRestored() throws {
        try withLog { path in
            let metadata = SnapshotMetadata(index: LogIndex(9), term: Term(4), membership: membership)
            let snapshot = Snapshot(metadata: metadata, data: [1, 2, 3])
            do {
                let log = try RocksLog(path: path)
                try log.persist(ready(entries(1...5, term: 1), HardState(term: Term(1))))
                let state = HardState(term: Term(4), commit: LogIndex(9))
                try log.persist(ready(entries(10...11, term: 4), state, snapshot: snapshot))
            }
            do {
                let log = try RocksLog(path: path)
                #expect(log.unrestored == snapshot)
                #expect(log.lastIndex == LogIndex(11))
                try log.didRestore()
            }
            #expect(try RocksLog(path: path).unrestored == nil)
        }
    }

    @Test func readsBeyondWhatIsInMemory() throws {
        try withLog { path in
            let log = try RocksLog(path: path)
            let all = entries(1...20, term: 1, bytes: 1 << 20)
            try log.persist(ready(all, HardState(term: Term(1))))
            let some = try log.entries(from: LogIndex(1), through: LogIndex(20), maximumCost: 3 << 20)
            #expect(some == Array(all[..<2]))
            #expect(try log.entries(from: LogIndex(5), through: LogIndex(5), maximumCost: 1) == [all[4]])
        }
    }

    @Test("a torn end opens without it, damage before the end refuses and says what to do (etcd #6378)")
    func bug27TornTail() throws {
        try withLog { path in
            do {
                let log = try RocksLog(path: path)
                for index in UInt64(1)...20 {
                    let state = HardState(term: Term(1), commit: LogIndex(index - 1))
                    try log.persist(ready(entries(index...index, term: 1, bytes: 5_000), state))
                }
            }
            let names = try FileManager.default.contentsOfDirectory(atPath: path)
            let name = try #require(names.filter { $0.hasSuffix(".log") }.max())
            let file = URL(fileURLWithPath: path + "/" + name)
            let whole = try Data(contentsOf: file)
            // 20 records of 5 KB span several 32 KB blocks of the log; the last one loses its end.
            try whole.dropLast(40_000).write(to: file)
            let torn = try RocksLog(path: path)
            #expect(torn.lastIndex > LogIndex(5) && torn.lastIndex < LogIndex(20))
        }
        try withLog { path in
            do {
                let log = try RocksLog(path: path)
                for index in UInt64(1)...20 {
                    try log.persist(ready(entries(index...index, term: 1, bytes: 5_000), HardState(term: Term(1))))
                }
            }
            let names = try FileManager.default.contentsOfDirectory(atPath: path)
            let name = try #require(names.filter { $0.hasSuffix(".log") }.max())
            let file = URL(fileURLWithPath: path + "/" + name)
            var bytes = try Data(contentsOf: file)
            bytes[bytes.startIndex + 20_000] ^= 0x40
            try bytes.write(to: file)
            let error = #expect(throws: RaftStorageError.self) { try RocksLog(path: path) }
            #expect(error?.description.contains("REMOVE") == true)
        }
    }
}
