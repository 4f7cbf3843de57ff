import Foundation
import Synchronization

/// A program with a fixed command line that is started, killed and started again. What it prints is gathered in a
/// file.
actor ChildProcess {
    private let executable: URL
    private let arguments: [String]
    private let output: URL
    private var running: (process: Process, exit: AsyncStream<Int32>)?

    /// - Parameters:
    ///   - product: an executable of this package; it stands beside the test bundle.
    ///   - place: where it runs.
    ///   - output: the file for standard output and standard error; each start appends to it.
    init(_ product: String, _ arguments: [String], in place: Place = .here, output: URL) throws {
        self.init(executable: try Self.product(product), arguments, in: place, output: output)
    }

    /// A program that is not of this package.
    init(executable: URL, _ arguments: [String], in place: Place = .here, output: URL) {
        if let namespace = place.namespace, let tool = NetworkNamespaces.tool {
            // It becomes the program: the process id is that of the program.
            self.executable = URL(filePath: tool)
            self.arguments = ["netns", "exec", namespace, executable.path] + arguments
        } else {
            self.executable = executable
            self.arguments = arguments
        }
        self.output = output
    }

    /// An executable of this package.
    static func product(_ name: String) throws -> URL {
        let bundle = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return URL(filePath: bundle).deletingLastPathComponent().appending(path: name)
    }

    var pid: Int32? { running?.process.processIdentifier }

    func start() throws {
        precondition(running == nil, "\(executable.lastPathComponent) runs already")
        let process = Process()
        process.executableURL = executable
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        if !FileManager.default.fileExists(atPath: output.path) { try Data().write(to: output) }
        let file = try FileHandle(forWritingTo: output)
        try file.seekToEnd()
        process.standardOutput = file
        process.standardError = file
        let (exit, ended) = AsyncStream.makeStream(of: Int32.self)
        process.terminationHandler = { ended.yield($0.terminationStatus) }
        try process.run()
        try file.close()
        running = (process, exit)
    }

    /// `kill -9`; returns when the process is gone.
    func kill() async { _ = await end(SIGKILL) }

    /// SIGTERM.
    /// - Returns: the exit status; nil when it was not running.
    func stop() async -> Int32? { await end(SIGTERM) }

    /// Any other signal, such as SIGSTOP.
    func send(_ signal: Int32) {
        if let pid { Foundation.kill(pid, signal) }
    }

    /// Waits until it ends by itself.
    func exitStatus() async -> Int32? {
        guard let (_, exit) = running else { return nil }
        var status: Int32?
        for await value in exit {
            status = value
            break
        }
        running = nil
        return status
    }

    private func end(_ signal: Int32) async -> Int32? {
        guard let (process, _) = running else { return nil }
        if process.isRunning { Foundation.kill(process.processIdentifier, signal) }
        return await exitStatus()
    }

    /// Everything that it has printed so far, over all its starts.
    func printed() throws -> String {
        guard FileManager.default.fileExists(atPath: output.path) else { return "" }
        return String(decoding: try Data(contentsOf: output), as: UTF8.self)
    }
}
