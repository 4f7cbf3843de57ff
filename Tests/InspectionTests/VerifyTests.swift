import Foundation
import HubStore
import RaftLog
import Testing

@testable import Inspection

@Suite struct VerifyTests {
    /// The log is not cut, so that all of it can be checked, and the newest entries are applied.
    private func withHealthy(_ body: (FloydPath) throws -> Void) throws {
        try withTemporaryDirectory { base in
            let path = base + "/floyd"
            do {
                let hub = try SimulatedHub(path: path, seed: 1)
                try hub.writeForDamage()
            }
            #expect(VerifyReport.make(path: path).faults == [])
            try body(try FloydPath(existing: path))
        }
    }

    @Test(arguments: Damage.files + Damage.contents)
    func damageIsFoundAndNamed(damage: Damage) throws {
        try withHealthy { directory in
            try damage.make(directory)
            let report = VerifyReport.make(path: directory.path)
            let texts = report.faults.map { "\($0.place): \($0.text)" }
            #expect(texts.contains { $0.contains(damage.finding) }, "\(texts)")
        }
    }

    /// As many as `PIKA_HUB_CRASHES` says.
    @Test func directoriesThatCrashesLeaveAreHealthy() throws {
        let wanted = ProcessInfo.processInfo.environment["PIKA_HUB_CRASHES"].flatMap { Int($0) } ?? 40
        var done = 0
        var seed: UInt64 = 1
        while done < wanted {
            try withTemporaryDirectory { base in
                let hub = try SimulatedHub(path: base + "/floyd", seed: seed)
                for _ in 0..<min(10, wanted - done) {
                    try hub.steps(15)
                    let target = base + "/crashed"
                    try hub.crash(to: target, losingPower: done % 2 == 1)
                    let report = VerifyReport.make(path: target)
                    #expect(report.faults == [], "seed \(seed), crash \(done)")
                    // What verify is silent about, a hub can go on from.
                    let directory = try FloydPath.open(target).directory
                    _ = try RocksLog(path: directory.raft)
                    _ = try StateStore(path: directory.state).load()
                    _ = try RelayStore(path: directory.relay)
                    #expect(VerifyReport.make(path: target).faults == [], "seed \(seed), crash \(done), after opening")
                    try FileManager.default.removeItem(atPath: target)
                    done += 1
                }
            }
            seed += 1
        }
    }

    @Test func aTornTailIsNotedAndNoFault() throws {
        try withTemporaryDirectory { base in
            let hub = try SimulatedHub(path: base + "/floyd", seed: 3)
            try hub.writeForDamage()
            let names = try FileManager.default.contentsOfDirectory(atPath: hub.directory.relay)
            let name = try #require(names.filter { $0.hasSuffix(".log") }.max())
            let target = base + "/crashed"
            try hub.crash(to: target, losingPower: false)
            let file = try FileHandle(forWritingTo: URL(filePath: "\(target)/relay/\(name)"))
            try file.truncate(atOffset: try file.seekToEnd() - 7)
            try file.close()
            let report = VerifyReport.make(path: target)
            #expect(report.faults == [])
            #expect(report.notes.map(\.place) == ["relay/\(name)"])
            #expect(report.notes.first?.text.contains("torn tail") == true)
        }
    }

    @Test func aNewDirectoryAndNoDirectory() throws {
        try withTemporaryDirectory { base in
            _ = try FloydPath.open(base + "/floyd")
            #expect(VerifyReport.make(path: base + "/floyd").faults == [])
            #expect(VerifyReport.make(path: base + "/nothing").faults.map(\.text) == ["\(base)/nothing does not exist"])
            #expect(VerifyReport.make(path: base).faults.count == 1)
        }
    }
}
