import Foundation
import TestSupport
import Testing

@testable import HubDaemon

/// The real program: its command line, its way into the background and out again.
@Suite struct PikaHubProcessTests {
    @Test func checkSaysWhatItUnderstoodOrWhatIsWrong() async throws {
        try await withHome("requirepass : secret\n") { home async throws in
            let good = try await home.pikaHub("--check")
            #expect(good.status == 0)
            #expect(good.output.contains("\nrequirepass : ***\n"))
            try home.configure("sdk-port : x\nunknown : 1\n")
            let bad = try await home.pikaHub("--check")
            #expect(bad.status == 1)
            #expect(bad.output.contains("warning: \(home.file):2: unknown: expected a known key"))
            #expect(bad.output.contains("error: \(home.file):1: sdk-port: found 'x', expected a port"))
            #expect(bad.output.contains("error: \(home.file): floyd-local-ip: expected"))
        }
    }

    @Test func versionAndHelpAreThere() async throws {
        try await withHome("") { home async throws in
            #expect(try await run(home.program, ["--version"]).output == "pika_hub \(HubVersion.current)\n")
            #expect(try await run(home.program, ["-h"]).output.contains("-c <file>"))
        }
    }

    @Test func aDaemonStartsTellsItsCallerAndLeavesNothingBehind() async throws {
        try await withHome("daemonize : yes\n") { home async throws in
            let start = try await home.pikaHub()
            #expect(start.status == 0 && start.output == "")
            let pidFile = home.path + "/pika_hub.pid"
            let pid = try String(contentsOfFile: pidFile, encoding: .utf8)
            #expect(try await home.redisCLI("info", "server").contains("process_id:\(pid.dropLast())\r\n"))

            let second = try await home.pikaHub()
            #expect(second.status == 1)
            #expect(second.output.hasSuffix("pika_hub.pid is locked by another process, pid \(pid)"))

            try home.configure(home.text.replacing("pika_hub.pid", with: "other.pid"))
            let third = try await home.pikaHub()
            #expect(third.status == 1)
            #expect(third.output.hasSuffix("floyd is in use by another hub, pid \(pid)"))

            #expect(try await home.redisCLI("shutdown") == "OK\n")
            try await home.waitUntilGone(pidFile)
            let log = try String(contentsOfFile: home.path + "/log/pika_hub.log", encoding: .utf8)
            #expect(log.contains("Info stopped: "))
        }
    }

    @Test func aStartThatFailsInTheBackgroundIsTold() async throws {
        try await withHome("daemonize : yes\n") { home async throws in
            try FileManager.default.createDirectory(
                atPath: home.path + "/floyd/somebody's", withIntermediateDirectories: true)
            let start = try await home.pikaHub()
            #expect(start.status == 1)
            #expect(start.output.contains("floyd is not a floyd-path of this hub"))
            #expect(!FileManager.default.fileExists(atPath: home.path + "/pika_hub.pid"))
        }
    }
}

/// A directory with a configuration file, and the ports that it names.
private struct Home {
    let path: String
    let text: String
    let adminPort: Int
    let program: String
    var file: String { path + "/pika_hub.conf" }

    /// Also ends a hub that a failed test has left running.
    func remove() {
        do {
            if FileManager.default.fileExists(atPath: path + "/pika_hub.pid") {
                let pid = try String(contentsOfFile: path + "/pika_hub.pid", encoding: .utf8)
                if let pid = pid_t(pid.dropLast()) { kill(pid, SIGKILL) }
            }
            try FileManager.default.removeItem(atPath: path)
        } catch {
            Issue.record("left behind \(path): \(error)")
        }
    }

    func configure(_ text: String) throws { try Data(text.utf8).write(to: URL(filePath: file)) }

    func pikaHub(_ options: String...) async throws -> (status: Int32, output: String) {
        try await run(program, ["-c", file] + options)
    }

    func redisCLI(_ words: String...) async throws -> String {
        try await run("/usr/bin/redis-cli", ["-h", "127.0.0.1", "-p", "\(adminPort)"] + words).output
    }

    func waitUntilGone(_ file: String) async throws {
        for _ in 0..<500 where FileManager.default.fileExists(atPath: file) {
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(!FileManager.default.fileExists(atPath: file))
    }
}

private func withHome(_ extra: String, _ body: (Home) async throws -> Void) async throws {
    let path = FileManager.default.temporaryDirectory.path + "/pika_hub-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let raft = FreePorts.reserve()
    let admin = FreePorts.reserve(withOneAt: 1000)
    let text = """
        floyd-local-ip : 127.0.0.1
        bind : 127.0.0.1
        floyd-local-port : \(raft)
        sdk-port : \(admin)
        floyd-path : \(path)/floyd
        log-path : \(path)/log
        pidfile : \(path)/pika_hub.pid
        \(extra)
        """
    let tests = try #require(CommandLine.arguments.first { $0.contains(".xctest") })
    let program = URL(filePath: tests).deletingLastPathComponent().appending(path: "pika_hub").path
    let home = Home(path: path, text: text, adminPort: admin, program: program)
    defer { home.remove() }
    try home.configure(text)
    try await body(home)
}
