import HubStore
import Testing

@testable import HubSync

/// `protocol/pika-2.3-hub.md`, sections 1 and 4.
@Suite struct PikaReportTests {
    private func read(_ lines: String...) -> PikaReport {
        var report = PikaReport()
        report.read(lines.joined(separator: "\r\n"))
        return report
    }

    @Test func theServerNamesItself() {
        let report = read("# Server", "pika_version:2.3.8", "process_id:4711", "server_id:7", "")
        #expect(report.version == "2.3.8" && report.processID == "4711" && report.serverID == 7)
    }

    @Test func theEndOfTheBinlogIsRead() {
        let report = read("# Log", "log_size:1", "binlog_offset:12 34567890123", "expire_logs_nums:10")
        #expect(report.producerFile == 12 && report.producerOffset == 34_567_890_123)
    }

    @Test(arguments: [("10", 10), ("none", nil), ("", nil)] as [(String, UInt32?)])
    func theNumberOfKeptFilesIsRead(_ value: String, _ expected: UInt32?) {
        #expect(read("expire_logs_nums:\(value)").keptFiles == expected)
    }

    @Test func theHubSectionIsRead() {
        let report = read(
            "# Hub", "Connected hub: 127.0.0.1:7868", "Sending window: 3 - 12", "Hub senders' map: ",
            "    --- Thread 140: 3 WORKING", "    --- Thread 141: 4 ENDOFFILE", "    --- Thread 142: 12 WAITING",
            "Hub stage: STARTED", "")
        #expect(report.connectedHub == "127.0.0.1:7868" && report.stage == .started)
        #expect(report.window?.left == 3 && report.window?.right == 12)
        #expect(
            report.senders == [
                .init(file: 3, isAtEnd: false), .init(file: 4, isAtEnd: true),
                .init(file: 12, isAtEnd: false, isWaiting: true),
            ])
    }

    @Test(
        arguments: [("STOPED", .stopped), ("STARTING", .starting), ("DEGRADE", .degraded), ("STARTED", .started)]
            as [(String, PikaReport.Stage)])
    func everyStageIsKnown(_ text: String, _ stage: PikaReport.Stage) {
        #expect(read("Hub stage: \(text)").stage == stage)
    }

    /// Before any hub.
    @Test func anEmptyWindowIsNoWindow() {
        let report = read("binlog_offset:0 0", "Connected hub: :0", "Sending window: 0 - -1", "Hub stage: STOPED")
        #expect(report.window?.left == 0 && report.window?.right == -1)
        #expect(report.senderStatus == BinlogSenderStatus(producerFile: 0, producerOffset: 0))
    }

    @Test func aNewHubSectionReplacesTheOldOne() {
        var report = read(
            "Connected hub: a:1", "Sending window: 3 - 12", "    --- Thread 1: 3 WORKING", "Hub stage: STARTED")
        report.read("Hub stage: STOPED\r\n")
        #expect(report.connectedHub == nil && report.window == nil && report.senders.isEmpty)
    }

    @Test func theOtherSectionsLeaveItAlone() {
        var report = read("Connected hub: a:1", "Hub stage: STARTED")
        report.read("binlog_offset:1 2\r\n")
        #expect(report.stage == .started && report.connectedHub == "a:1" && report.producerFile == 1)
    }

    @Test func withoutTheEndOfTheBinlogThereIsNoStatus() {
        #expect(read("Sending window: 3 - 12", "Hub stage: STARTED").senderStatus == nil)
    }
}
