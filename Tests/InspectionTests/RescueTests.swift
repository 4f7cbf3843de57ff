import ArgumentParser
import Foundation
import HubStore
import RaftLog
import Testing

@testable import Inspection

@Suite struct RescueTests {
    private func withStoppedHub(_ body: (String) throws -> Void) throws {
        try withTemporaryDirectory { base in
            let path = base + "/floyd"
            do { try SimulatedHub(path: path, seed: 1).writeForDamage() }
            try body(path)
        }
    }

    private func run(_ arguments: String...) throws {
        var command = try InspectCommand.parseAsRoot(arguments)
        try command.run()
    }

    private func copies(of path: String) throws -> [String] {
        let parent = URL(filePath: path).deletingLastPathComponent().path
        return try FileManager.default.contentsOfDirectory(atPath: parent).filter { $0.contains(".before-rescue-") }
            .map { "\(parent)/\($0)" }
    }

    @Test func aHubThatLostItsMajorityGoesOnAlone() throws {
        try withStoppedHub { path in
            let before = try FloydContents(path: path).savedState()
            try run("recover", path, "--keep-only-this-hub", "--yes")
            let report = VerifyReport.make(path: path)
            #expect(report.faults == [] && report.notes == [])
            let directory = try FloydPath(existing: path)
            let log = try RocksLog(path: directory.raft)
            #expect(log.base.membership.members.map(\.id) == [SimulatedHub.own])
            #expect(log.identity?.group != GroupID(7) && log.identity?.hub == SimulatedHub.own)
            let saved = try #require(try StateStore(path: directory.state, readOnly: true).load())
            #expect(Array(saved.state.hubs.keys) == [SimulatedHub.own])
            #expect(saved.state.servers == before.state.servers)
            #expect(saved.state.acknowledged == before.state.acknowledged)
            #expect(saved.appliedIndex == log.lastIndex.rawValue && log.base.index == log.lastIndex)

            let copy = try #require(try copies(of: path).first)
            #expect(VerifyReport.make(path: copy).faults == [])
            #expect(try FloydContents(path: copy).savedState() == before)
            #expect(throws: InspectionError.self) { try run("recover", path, "--keep-only-this-hub", "--yes") }
        }
    }

    @Test func aPositionIsSetByHand() throws {
        try withStoppedHub { path in
            #expect(throws: InspectionError.self) { try run("set-offset", path, "1", "2", "7:100", "--yes") }
            #expect(try copies(of: path).isEmpty)
            try run("recover", path, "--keep-only-this-hub", "--yes")
            try run("set-offset", path, "1", "2", "7:100", "--yes")
            try run("set-offset", path, "1", "9", "3", "--yes")
            #expect(VerifyReport.make(path: path).faults == [])
            let state = try FloydContents(path: path).savedState().state
            let progress = try #require(state.acknowledged(source: ServerID(1), destination: ServerID(2)))
            #expect(progress.covers(BinlogPosition(file: 6, offset: 1 << 40)))
            #expect(progress.covers(BinlogPosition(file: 7, offset: 99, index: 3)))
            #expect(!progress.covers(BinlogPosition(file: 7, offset: 100)))
            let early = try #require(state.acknowledged(source: ServerID(1), destination: ServerID(9)))
            #expect(early == BinlogProgress(firstOpenFile: 3))
            let relay = try RelayStore(path: path + "/relay", readOnly: true)
            #expect(relay.owner.isEmpty && relay.cursors.isEmpty && relay.received.isEmpty && relay.first == relay.next)
        }
    }

    @Test(arguments: ["7:x", "-1", "1:2:3", "", "4294967296"])
    func otherPositionsAreRefused(text: String) throws {
        #expect(throws: (any Error).self) { try SetOffsetCommand.parse(["/tmp", "1", "2", "--", text]) }
    }

    @Test func aDirectoryInUseOrDamagedIsLeftAlone() throws {
        try withTemporaryDirectory { base in
            let path = base + "/floyd"
            let hub = try SimulatedHub(path: path, seed: 1)
            #expect(throws: InspectionError.self) { try run("recover", path, "--keep-only-this-hub", "--yes") }
            #expect(try copies(of: path).isEmpty)
            withExtendedLifetime(hub) {}
        }
        try withStoppedHub { path in
            try Data("x".utf8).write(to: URL(filePath: path + "/foreign"))
            #expect(throws: InspectionError.self) { try run("recover", path, "--keep-only-this-hub", "--yes") }
            #expect(try copies(of: path).isEmpty)
        }
    }
}
