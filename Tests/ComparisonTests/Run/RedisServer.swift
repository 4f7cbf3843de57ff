import Foundation
import TestSupport
import Testing

@testable import Comparison

/// A `redis-server` of a test, where the machine has one.
enum RedisServer {
    static let executable = ["/usr/bin/redis-server", "/usr/local/bin/redis-server"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    static func with(_ body: (ServerAddress) async throws -> Void) async throws {
        guard let executable, let address = ServerAddress("127.0.0.1:\(FreePorts.reserve())") else { return }
        let process = Process()
        process.executableURL = URL(filePath: executable)
        process.arguments = ["--port", "\(address.port)", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        process.currentDirectoryURL = FileManager.default.temporaryDirectory
        process.standardOutput = FileHandle.nullDevice
        let (exit, ended) = AsyncStream.makeStream(of: Void.self)
        process.terminationHandler = { _ in ended.finish() }
        try process.run()
        do {
            try await waitUntilItAnswers(address, process)
            try await body(address)
        } catch {
            Issue.record(error)
        }
        // SIGTERM would stay blocked, as in the thread that started it.
        kill(process.processIdentifier, SIGKILL)
        for await _ in exit {}
    }

    private static func waitUntilItAnswers(_ address: ServerAddress, _ process: Process) async throws {
        while true {
            do {
                return try await RedisConnection.connect(address).close()
            } catch is ComparisonError where process.isRunning {
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }
}
