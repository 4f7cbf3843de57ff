import Foundation
import Logging
import Testing

@testable import HubDaemon

@Suite struct LogTests {
    // MARK: Lines

    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000000Z"),
        (1_795_359_621_773_309, "2026-11-22T15:00:21.773309Z"),
        (951_782_399_000_001, "2000-02-28T23:59:59.000001Z"),
        (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
        (4_107_542_399_999_999, "2100-02-28T23:59:59.999999Z"),
        (4_107_542_400_000_000, "2100-03-01T00:00:00.000000Z"),
        (-1, "1969-12-31T23:59:59.999999Z"),
    ]) func timesAreUTC(microseconds: Int, text: String) {
        #expect(LogLine.time(unixMicroseconds: microseconds) == text)
    }

    @Test func anEventIsOneLineWhateverItHolds() {
        let line = LogLine.text(
            unixMicroseconds: 0, level: .warning, message: "it said \"a\r\nb\u{1B}[0m\"",
            metadata: [(name: "server", value: "1\n")])
        #expect(line == "1970-01-01T00:00:00.000000Z Warn it said \"a\\r\\nb?[0m\" [server=1\\n]\n")
    }

    // MARK: Rate

    @Test func tooManyOfAKindAreCountedInsteadOfWritten() {
        var limiter = LogLimiter()
        let start = 1_000_000_000
        for _ in 0..<LogLimiter.messagesPerPeriod { #expect(limiter.admit("a", unixMicroseconds: start) == 0) }
        for _ in 0..<7 { #expect(limiter.admit("a", unixMicroseconds: start + 1) == nil) }
        #expect(limiter.admit("b", unixMicroseconds: start + 1) == 0)
        let later = start + LogLimiter.periodMicroseconds
        #expect(limiter.admit("a", unixMicroseconds: later) == 7)
        #expect(limiter.admit("a", unixMicroseconds: later) == 0)
        #expect(limiter.suppressedCount == 7)
    }

    @Test func aClockThatStepsBackDoesNotSilenceTheLog() {
        var limiter = LogLimiter()
        for _ in 0..<100 { _ = limiter.admit("a", unixMicroseconds: 1_000_000_000) }
        #expect(limiter.admit("a", unixMicroseconds: 0) == 80)
    }

    // MARK: Files

    @Test func filesRollBySizeAndTheirNumberIsBounded() throws {
        try withTemporaryDirectory { path in
            let limits = LogFile.Limits(maximumBytes: 8, maximumCount: 3)
            var file = try LogFile(directory: path, nowMicroseconds: 0)
            for number in 1...9 { try file.write("line \(number)\n", limits: limits, nowMicroseconds: 0) }
            #expect(try contents(path) == ["": "line 9\n", ".1": "line 8\n", ".2": "line 7\n"])
            var fewer = limits
            fewer.maximumCount = 1
            try file.write("line 10\n", limits: fewer, nowMicroseconds: 0)
            #expect(try contents(path) == ["": "line 10\n"])
        }
    }

    @Test func filesRollByAge() throws {
        try withTemporaryDirectory { path in
            let limits = LogFile.Limits(maximumAgeSeconds: 10)
            var file = try LogFile(directory: path, nowMicroseconds: 0)
            try file.write("a\n", limits: limits, nowMicroseconds: 9_999_999)
            try file.write("b\n", limits: limits, nowMicroseconds: 10_000_000)
            try file.write("c\n", limits: limits, nowMicroseconds: 19_999_999)
            #expect(try contents(path) == ["": "b\nc\n", ".1": "a\n"])
        }
    }

    @Test func whatAnEarlierRunWroteStays() throws {
        try withTemporaryDirectory { path in
            for text in ["a\n", "b\n"] {
                var file = try LogFile(directory: path + "/log", nowMicroseconds: 0)
                try file.write(text, limits: LogFile.Limits(maximumBytes: 100), nowMicroseconds: 0)
            }
            #expect(try contents(path + "/log") == ["": "a\nb\n"])
        }
    }

    // MARK: Sink

    @Test func sinkFollowsTheLiveSettingsAndReopens() throws {
        try withTemporaryDirectory { path in
            var configuration = Configuration()
            configuration.logPath = path
            let live = LiveConfiguration(configuration, file: "test.conf")
            let sink = try LogSink(live)
            var logger = sink.logger
            logger[metadataKey: "server"] = "1"
            logger.debug("not written")
            logger.info("first", metadata: ["key": "value"])
            #expect(live.set([(key: "info-log-level", text: "3")]) == nil)
            logger.warning("not written")
            logger.error("second")
            try FileManager.default.moveItem(atPath: path + "/pika_hub.log", toPath: path + "/moved")
            sink.reopen()
            logger.critical("third")
            let lines = try [path + "/moved", path + "/pika_hub.log"].flatMap { file in
                try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").map { $0.dropFirst(28) }
            }
            #expect(lines == ["Info first [key=value, server=1]", "Error second [server=1]", "Fatal third [server=1]"])
        }
    }

    /// All events of the data plane are logged at one place in the source; each kind has its own limit all the same.
    @Test func aMessagesFirstWordsAreItsKind() throws {
        try withTemporaryDirectory { path in
            var configuration = Configuration()
            configuration.logPath = path
            let sink = try LogSink(LiveConfiguration(configuration, file: "test.conf"))
            for kind in ["link-failed", "conflict"] {
                for number in 1...30 { sink.logger.info("\(kind): \(number)") }
            }
            let text = try String(contentsOfFile: path + "/pika_hub.log", encoding: .utf8)
            for kind in ["link-failed", "conflict"] {
                #expect(text.split(separator: "\n").count { $0.contains("\(kind): ") } == LogLimiter.messagesPerPeriod)
            }
        }
    }

    @Test func linesThatCannotBeWrittenAreCountedAndStopNothing() throws {
        try withTemporaryDirectory { path in
            var configuration = Configuration()
            configuration.logPath = path
            try FileManager.default.createSymbolicLink(
                atPath: path + "/pika_hub.log", withDestinationPath: "/dev/full")
            let sink = try LogSink(LiveConfiguration(configuration, file: "test.conf"))
            for _ in 0..<3 { sink.logger.critical("lost") }
            #expect(sink.losses.lost == 3)
        }
    }

    /// The files of a log, by what follows `pika_hub.log` in their names.
    private func contents(_ path: String) throws -> [String: String] {
        var found: [String: String] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: path) {
            found[String(name.dropFirst("pika_hub.log".count))] = try String(
                contentsOfFile: "\(path)/\(name)", encoding: .utf8)
        }
        return found
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
